using System.Runtime.CompilerServices;
using Coxswain.Api;
using Coxswain.Api.Json;
using Coxswain.Api.Meta.V1;
using Coxswain.Api.Resources;
using Coxswain.Client;

namespace Coxswain.Testing.Client;

/// <summary>Another client, with a look at each request before it is made, whose watches can be cut.</summary>
/// <param name="beforeRequest">
/// Called with the verb (<c>update/status</c> and the like for subresources) and the resource; throws to refuse.
/// </param>
public sealed class InterceptedKubeClient(IKubeClient inner, Action<string, ApiResource> beforeRequest) : IKubeClient
{
    private CancellationTokenSource _connection = new();

    /// <summary>Ends every watch that runs, as a lost connection does.</summary>
    public void CutWatches()
    {
        using var lost = Interlocked.Exchange(ref _connection, new CancellationTokenSource());
        lost.Cancel();
    }

    public Task<T> GetAsync<T>(ApiResource resource, string? @namespace, string name, CancellationToken cancellationToken)
        where T : IKubeObject<T>
    {
        beforeRequest("get", resource);
        return inner.GetAsync<T>(resource, @namespace, name, cancellationToken);
    }

    public Task<KubeList<T>> ListAsync<T>(ApiResource resource, string? @namespace, ListQuery query, CancellationToken cancellationToken)
        where T : IKubeObject<T>
    {
        beforeRequest("list", resource);
        return inner.ListAsync<T>(resource, @namespace, query, cancellationToken);
    }

    public async IAsyncEnumerable<WatchEvent<T>> WatchAsync<T>(
        ApiResource resource, string? @namespace, WatchQuery query, [EnumeratorCancellation] CancellationToken cancellationToken)
        where T : IKubeObject<T>
    {
        beforeRequest("watch", resource);
        var lost = _connection.Token;
        using var either = CancellationTokenSource.CreateLinkedTokenSource(lost, cancellationToken);
        await using var events = inner.WatchAsync<T>(resource, @namespace, query, either.Token).GetAsyncEnumerator(either.Token);
        while (await NextAsync(events, lost, cancellationToken))
        {
            yield return events.Current;
        }
    }

    public Task<T> CreateAsync<T>(ApiResource resource, T obj, CancellationToken cancellationToken)
        where T : IKubeObject<T>
    {
        beforeRequest("create", resource);
        return inner.CreateAsync(resource, obj, cancellationToken);
    }

    public Task<T> UpdateAsync<T>(ApiResource resource, T obj, string subresource, CancellationToken cancellationToken)
        where T : IKubeObject<T>
    {
        beforeRequest(Verb("update", subresource), resource);
        return inner.UpdateAsync(resource, obj, subresource, cancellationToken);
    }

    public Task<T> PatchAsync<T>(
        ApiResource resource, string? @namespace, string name, KubePatch patch, string subresource, CancellationToken cancellationToken)
        where T : IKubeObject<T>
    {
        beforeRequest(Verb("patch", subresource), resource);
        return inner.PatchAsync<T>(resource, @namespace, name, patch, subresource, cancellationToken);
    }

    public Task DeleteAsync(
        ApiResource resource, string? @namespace, string name, DeleteOptions options, CancellationToken cancellationToken)
    {
        beforeRequest("delete", resource);
        return inner.DeleteAsync(resource, @namespace, name, options, cancellationToken);
    }

    public Task DeleteCollectionAsync(
        ApiResource resource, string? @namespace, ListQuery query, DeleteOptions options, CancellationToken cancellationToken)
    {
        beforeRequest("deletecollection", resource);
        return inner.DeleteCollectionAsync(resource, @namespace, query, options, cancellationToken);
    }

    public Task<TResult> PostAsync<TBody, TResult>(
        ApiResource resource, string? @namespace, string name, string subresource, TBody body, CancellationToken cancellationToken)
        where TBody : IKubeType<TBody>
        where TResult : IKubeType<TResult>
    {
        beforeRequest(Verb("create", subresource), resource);
        return inner.PostAsync<TBody, TResult>(resource, @namespace, name, subresource, body, cancellationToken);
    }

    private static async ValueTask<bool> NextAsync<T>(
        IAsyncEnumerator<T> events, CancellationToken lost, CancellationToken cancellationToken)
    {
        try
        {
            return await events.MoveNextAsync();
        }
        catch (OperationCanceledException exception) when (lost.IsCancellationRequested && !cancellationToken.IsCancellationRequested)
        {
            throw new IOException("the connection was lost", exception);
        }
    }

    private static string Verb(string verb, string subresource) => subresource.Length == 0 ? verb : $"{verb}/{subresource}";
}
