using Coxswain.Api.Rbac.V1;

namespace Coxswain.ApiServer.Authorization;

/// <summary>Rules in one line each: every list is a text with blanks between its parts, and <c>core</c> is the group without a name.</summary>
internal static class Allow
{
    public const string Read = "get list watch";
    public const string Write = "create delete deletecollection patch update";
    public const string ReadWrite = $"{Read} {Write}";

    /// <summary>Everybody who acts may say what happened.</summary>
    public static readonly PolicyRule Events = On("core events.k8s.io", "events", "create patch update");

    public static PolicyRule On(string apiGroups, string resources, string verbs) => new()
    {
        ApiGroups = [.. Split(apiGroups).Select(name => name == "core" ? "" : name)],
        Resources = Split(resources),
        Verbs = Split(verbs),
    };

    /// <param name="names">The only objects the rule is about.</param>
    public static PolicyRule OnNamed(string apiGroups, string resources, string names, string verbs) =>
        On(apiGroups, resources, verbs) with { ResourceNames = Split(names) };

    public static PolicyRule Get(string paths) => new() { NonResourceURLs = Split(paths), Verbs = ["get"] };

    /// <summary>May ask the server who somebody is and what they may do.</summary>
    public static IReadOnlyList<PolicyRule> Delegation { get; } =
    [
        On("authentication.k8s.io", "tokenreviews", "create"),
        On("authorization.k8s.io", "subjectaccessreviews", "create"),
    ];

    private static string[] Split(string text) => [.. text.Split(' ', StringSplitOptions.RemoveEmptyEntries).Order(StringComparer.Ordinal)];
}
