using Coxswain.Api;
using Coxswain.Api.Errors;
using Coxswain.Api.Json;
using Coxswain.Api.Meta.V1;
using Coxswain.Api.Resources;

namespace Coxswain.Client;

/// <summary>
/// The Kubernetes API as a client sees it. In-process it skips the socket but not identity, authorization or admission;
/// remote it is HTTPS. <see cref="KubeClientExtensions"/> has the forms that take the resource from the type.
/// </summary>
/// <remarks>
/// <para>The type argument of a call is the form wanted: the resource's own type, or <see cref="PartialObjectMetadata"/> for
/// any resource's metadata alone.</para>
/// <para>Every refusal of the server is a <see cref="KubeStatusException"/> that carries its <see cref="Status"/>.</para>
/// </remarks>
public interface IKubeClient
{
    /// <param name="namespace">Null for cluster-scoped resources.</param>
    Task<T> GetAsync<T>(ApiResource resource, string? @namespace, string name, CancellationToken cancellationToken)
        where T : IKubeObject<T>;

    /// <param name="namespace">Null for all namespaces.</param>
    Task<KubeList<T>> ListAsync<T>(ApiResource resource, string? @namespace, ListQuery query, CancellationToken cancellationToken)
        where T : IKubeObject<T>;

    /// <summary>
    /// Watches from a resourceVersion until cancelled, or until the server ends the watch (the enumeration then ends;
    /// resume from the last resourceVersion seen). A resourceVersion that is too old throws with reason <c>Expired</c>.
    /// </summary>
    IAsyncEnumerable<WatchEvent<T>> WatchAsync<T>(ApiResource resource, string? @namespace, WatchQuery query, CancellationToken cancellationToken)
        where T : IKubeObject<T>;

    /// <summary>Creates <paramref name="obj"/> in its metadata's namespace and returns what was stored.</summary>
    Task<T> CreateAsync<T>(ApiResource resource, T obj, CancellationToken cancellationToken)
        where T : IKubeObject<T>;

    /// <summary>Replaces the object; a resourceVersion in its metadata makes that conditional (reason <c>Conflict</c>).</summary>
    /// <param name="subresource">Empty for the object itself, or <c>status</c> and the like.</param>
    Task<T> UpdateAsync<T>(ApiResource resource, T obj, string subresource, CancellationToken cancellationToken)
        where T : IKubeObject<T>;

    Task<T> PatchAsync<T>(
        ApiResource resource, string? @namespace, string name, KubePatch patch, string subresource, CancellationToken cancellationToken)
        where T : IKubeObject<T>;

    Task DeleteAsync(ApiResource resource, string? @namespace, string name, DeleteOptions options, CancellationToken cancellationToken);

    Task DeleteCollectionAsync(
        ApiResource resource, string? @namespace, ListQuery query, DeleteOptions options, CancellationToken cancellationToken);

    /// <summary>Posts to a subresource with a type of its own: <c>binding</c>, <c>eviction</c>, <c>token</c>.</summary>
    Task<TResult> PostAsync<TBody, TResult>(
        ApiResource resource, string? @namespace, string name, string subresource, TBody body, CancellationToken cancellationToken)
        where TBody : IKubeType<TBody>
        where TResult : IKubeType<TResult>;
}
