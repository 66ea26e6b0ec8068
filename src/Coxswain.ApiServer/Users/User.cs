namespace Coxswain.ApiServer.Users;

/// <summary>Whom a request comes from. Immutable and shared by the requests of a connection.</summary>
public sealed record User(string Name, IReadOnlyList<string> Groups)
{
    public const string AuthenticatedGroup = "system:authenticated";
    public const string UnauthenticatedGroup = "system:unauthenticated";

    public static readonly User Anonymous = new("system:anonymous", [UnauthenticatedGroup]);

    public string Uid { get; init; } = "";

    /// <summary>What else the credential says: the pod and node a token is bound to.</summary>
    public IReadOnlyDictionary<string, IReadOnlyList<string>> Extra { get; init; } = System.Collections.ObjectModel.ReadOnlyDictionary<string, IReadOnlyList<string>>.Empty;

    public static User ServiceAccount(string @namespace, string name) =>
        new($"system:serviceaccount:{@namespace}:{name}",
            ["system:serviceaccounts", $"system:serviceaccounts:{@namespace}", AuthenticatedGroup]);
}
