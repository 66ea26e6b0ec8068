using System.Collections.Frozen;
using Coxswain.Api;
using Coxswain.ApiServer.Resources;

namespace Coxswain.ApiServer.Requests;

/// <summary>The kinds that are asked rather than stored, by resource and subresource.</summary>
internal sealed class PostHandlers(IReadOnlyDictionary<string, PostHandlers.Route> routes)
{
    private readonly FrozenDictionary<string, Route> _routes = routes.ToFrozenDictionary(StringComparer.Ordinal);

    /// <summary>Null when requests like this one create stored objects.</summary>
    public Route? Find(ServedResource resource, string subresource) =>
        _routes.GetValueOrDefault(subresource.Length == 0 ? resource.QualifiedName : $"{resource.QualifiedName}/{subresource}");

    /// <param name="BodyKind">The kind a request's body must have.</param>
    internal sealed record Route(ObjectKind BodyKind, IPostHandler Handler);
}
