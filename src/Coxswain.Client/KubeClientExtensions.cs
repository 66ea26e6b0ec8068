using Coxswain.Api;
using Coxswain.Api.Errors;
using Coxswain.Api.Meta.V1;
using Coxswain.Api.Resources;

namespace Coxswain.Client;

/// <summary>The calls of <see cref="IKubeClient"/> for types whose resource is known at compile time.</summary>
public static class KubeClientExtensions
{
    public static Task<T> GetAsync<T>(this IKubeClient client, string? @namespace, string name, CancellationToken cancellationToken)
        where T : IKubeObject<T> =>
        client.GetAsync<T>(ApiResources.Of<T>(), @namespace, name, cancellationToken);

    /// <summary>The object, or null when there is none of that name.</summary>
    public static async Task<T?> FindAsync<T>(this IKubeClient client, string? @namespace, string name, CancellationToken cancellationToken)
        where T : class, IKubeObject<T>
    {
        try
        {
            return await client.GetAsync<T>(ApiResources.Of<T>(), @namespace, name, cancellationToken);
        }
        catch (KubeStatusException exception) when (exception.IsNotFound)
        {
            return null;
        }
    }

    public static Task<KubeList<T>> ListAsync<T>(this IKubeClient client, string? @namespace, ListQuery query, CancellationToken cancellationToken)
        where T : IKubeObject<T> =>
        client.ListAsync<T>(ApiResources.Of<T>(), @namespace, query, cancellationToken);

    public static IAsyncEnumerable<WatchEvent<T>> WatchAsync<T>(
        this IKubeClient client, string? @namespace, WatchQuery query, CancellationToken cancellationToken)
        where T : IKubeObject<T> =>
        client.WatchAsync<T>(ApiResources.Of<T>(), @namespace, query, cancellationToken);

    public static Task<T> CreateAsync<T>(this IKubeClient client, T obj, CancellationToken cancellationToken)
        where T : IKubeObject<T> =>
        client.CreateAsync(ApiResources.Of<T>(), obj, cancellationToken);

    public static Task<T> UpdateAsync<T>(this IKubeClient client, T obj, CancellationToken cancellationToken)
        where T : IKubeObject<T> =>
        client.UpdateAsync(ApiResources.Of<T>(), obj, "", cancellationToken);

    public static Task<T> UpdateStatusAsync<T>(this IKubeClient client, T obj, CancellationToken cancellationToken)
        where T : IKubeObject<T> =>
        client.UpdateAsync(ApiResources.Of<T>(), obj, "status", cancellationToken);

    public static Task<T> PatchAsync<T>(
        this IKubeClient client, string? @namespace, string name, KubePatch patch, CancellationToken cancellationToken)
        where T : IKubeObject<T> =>
        client.PatchAsync<T>(ApiResources.Of<T>(), @namespace, name, patch, "", cancellationToken);

    public static Task<T> PatchStatusAsync<T>(
        this IKubeClient client, string? @namespace, string name, KubePatch patch, CancellationToken cancellationToken)
        where T : IKubeObject<T> =>
        client.PatchAsync<T>(ApiResources.Of<T>(), @namespace, name, patch, "status", cancellationToken);

    public static Task DeleteAsync<T>(
        this IKubeClient client, string? @namespace, string name, DeleteOptions options, CancellationToken cancellationToken)
        where T : IKubeObject<T> =>
        client.DeleteAsync(ApiResources.Of<T>(), @namespace, name, options, cancellationToken);
}
