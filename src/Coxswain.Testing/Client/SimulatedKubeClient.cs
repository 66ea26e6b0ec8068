using Coxswain.Api;
using Coxswain.Api.Json;
using Coxswain.Api.Meta.V1;
using Coxswain.Api.Resources;
using Coxswain.Client;
using Coxswain.Testing.Time;

namespace Coxswain.Testing.Client;

/// <summary>A test's own client within a simulation: each call returns with its answer, when all parts are at rest again.</summary>
internal sealed class SimulatedKubeClient(SimulationLoop loop, IKubeClient inner, TimeSpan patience) : IKubeClient
{
    public Task<T> GetAsync<T>(ApiResource resource, string? @namespace, string name, CancellationToken cancellationToken)
        where T : IKubeObject<T> =>
        Run(() => inner.GetAsync<T>(resource, @namespace, name, cancellationToken));

    public Task<KubeList<T>> ListAsync<T>(ApiResource resource, string? @namespace, ListQuery query, CancellationToken cancellationToken)
        where T : IKubeObject<T> =>
        Run(() => inner.ListAsync<T>(resource, @namespace, query, cancellationToken));

    public IAsyncEnumerable<WatchEvent<T>> WatchAsync<T>(
        ApiResource resource, string? @namespace, WatchQuery query, CancellationToken cancellationToken)
        where T : IKubeObject<T> =>
        inner.WatchAsync<T>(resource, @namespace, query, cancellationToken);

    public Task<T> CreateAsync<T>(ApiResource resource, T obj, CancellationToken cancellationToken)
        where T : IKubeObject<T> =>
        Run(() => inner.CreateAsync(resource, obj, cancellationToken));

    public Task<T> UpdateAsync<T>(ApiResource resource, T obj, string subresource, CancellationToken cancellationToken)
        where T : IKubeObject<T> =>
        Run(() => inner.UpdateAsync(resource, obj, subresource, cancellationToken));

    public Task<T> PatchAsync<T>(
        ApiResource resource, string? @namespace, string name, KubePatch patch, string subresource, CancellationToken cancellationToken)
        where T : IKubeObject<T> =>
        Run(() => inner.PatchAsync<T>(resource, @namespace, name, patch, subresource, cancellationToken));

    public Task DeleteAsync(
        ApiResource resource, string? @namespace, string name, DeleteOptions options, CancellationToken cancellationToken) =>
        Run(() => inner.DeleteAsync(resource, @namespace, name, options, cancellationToken));

    public Task DeleteCollectionAsync(
        ApiResource resource, string? @namespace, ListQuery query, DeleteOptions options, CancellationToken cancellationToken) =>
        Run(() => inner.DeleteCollectionAsync(resource, @namespace, query, options, cancellationToken));

    public Task<TResult> PostAsync<TBody, TResult>(
        ApiResource resource, string? @namespace, string name, string subresource, TBody body, CancellationToken cancellationToken)
        where TBody : IKubeType<TBody>
        where TResult : IKubeType<TResult> =>
        Run(() => inner.PostAsync<TBody, TResult>(resource, @namespace, name, subresource, body, cancellationToken));

    private Task<T> Run<T>(Func<Task<T>> call) => loop.Run(call, patience);

    private Task Run(Func<Task> call) => Run(async () =>
    {
        await call();
        return true;
    });
}
