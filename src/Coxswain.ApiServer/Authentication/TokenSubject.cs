namespace Coxswain.ApiServer.Authentication;

/// <summary>Whom a service account token is for and what it dies with.</summary>
/// <param name="Bound">Null when the token lives as long as its account.</param>
/// <param name="Node">The node of the Pod it is bound to, when that is known.</param>
internal sealed record TokenSubject(string Namespace, string Name, string Uid, BoundObject? Bound = null, BoundObject? Node = null);

/// <summary>An object a token names.</summary>
/// <param name="Kind">Pod, Secret or Node.</param>
internal sealed record BoundObject(string Kind, string Name, string Uid)
{
    /// <summary>The claim that holds it.</summary>
    public string Claim => Kind.ToLowerInvariant();

    public string StoreKey(string @namespace) => Kind switch
    {
        "Pod" => $"/registry/core/pods/{@namespace}/{Name}",
        "Secret" => $"/registry/core/secrets/{@namespace}/{Name}",
        _ => $"/registry/core/nodes/{Name}",
    };
}
