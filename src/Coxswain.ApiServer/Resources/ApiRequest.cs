using Coxswain.ApiServer.Users;

namespace Coxswain.ApiServer.Resources;

/// <summary>One request, whichever way it came: who asks, for what verb, on which resource, with which options.</summary>
internal sealed record ApiRequest(User User, string Verb, ServedResource Resource, string Namespace, string Name)
{
    /// <summary>Empty for the object itself.</summary>
    public string Subresource { get; init; } = "";

    /// <summary>Whether a write leaves all but the status and some of the metadata as it stands.</summary>
    public bool IsOfStatus => Subresource == "status";

    public bool DryRun { get; init; }

    /// <summary>Who owns what the request writes, as it says; empty when it does not.</summary>
    public string FieldManager { get; init; } = "";

    /// <summary>The program that asks, and its version; the server itself unless it is said.</summary>
    public string UserAgent { get; init; } = ManagerNames.Server;

    /// <summary>Whether an apply takes the fields that others own.</summary>
    public bool Force { get; init; }

    /// <summary>Who owns what the request writes.</summary>
    public string Manager => FieldManager.Length > 0 ? FieldManager : ManagerNames.OfProgram(UserAgent);

    /// <summary>Collects what the client should be told although the request succeeds; sent as <c>Warning</c> headers.</summary>
    public List<string> Warnings { get; init; } = [];

    /// <summary>What the audit log is to say of the request beside the rest; null when there is no audit.</summary>
    public IDictionary<string, string>? AuditAnnotations { get; init; }

    public string Key => Resource.Key(Namespace, Name);

    /// <summary>Tells the audit log something, where there is one.</summary>
    public void Annotate(string key, string value) => AuditAnnotations?.TryAdd(key, value);
}
