using Coxswain.ApiServer.Users;

namespace Coxswain.ApiServer.Audit;

/// <summary>What of a request a policy decides by.</summary>
/// <param name="Resource">The plural; empty for a path outside of resources.</param>
internal readonly record struct AuditedRequest(
    User User, string Verb, string Path, string Group, string Version, string Resource, string Subresource, string Namespace, string Name);
