using Coxswain.Api.Selectors;
using Coxswain.ApiServer.Users;

namespace Coxswain.ApiServer.Authorization;

/// <summary>What somebody wants to do, in the terms of RBAC rules.</summary>
/// <param name="Resource">The plural, with <c>/subresource</c> when there is one; empty for a path outside of resources.</param>
/// <param name="Path">The path of a request outside of resources.</param>
internal sealed record AccessAttributes(
    User User, string Verb, string Group, string Resource, string Namespace = "", string Name = "", string Path = "")
{
    /// <summary>What a list or a watch is narrowed to; null when it is not, or is by something that cannot be read.</summary>
    public FieldSelector? Fields { get; init; }
}
