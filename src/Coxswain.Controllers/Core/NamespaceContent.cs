using Coxswain.Api;
using Coxswain.Api.Meta.V1;
using Coxswain.Client;

namespace Coxswain.Controllers.Core;

/// <summary>Deletes everything a namespace holds.</summary>
internal sealed class NamespaceContent(IKubeClient client)
{
    private static readonly ApiResource[] Deletable = [.. ApiResources.All.Where(resource =>
        resource.Namespaced && resource.Verbs.Contains("list") && resource.Verbs.Contains("delete") && resource.Verbs.Contains("deletecollection"))];

    private static readonly ApiResource Pods = ApiResources.Of<Api.Core.V1.Pod>();

    /// <summary>
    /// Asks for the deletion of all content and returns what is still there. Pods go first and nothing else before they
    /// are gone: what they use must not be taken from under them.
    /// </summary>
    public async Task<NamespaceRemains> DeleteAsync(string @namespace, CancellationToken cancellationToken)
    {
        var pods = await DeleteAsync(Pods, @namespace, cancellationToken);
        if (pods.Count > 0)
        {
            return new NamespaceRemains([(Pods, pods)]);
        }

        var left = new List<(ApiResource, IReadOnlyList<PartialObjectMetadata>)>();
        foreach (var resource in Deletable.Where(resource => resource != Pods))
        {
            var objects = await DeleteAsync(resource, @namespace, cancellationToken);
            if (objects.Count > 0)
            {
                left.Add((resource, objects));
            }
        }

        return new NamespaceRemains(left);
    }

    private async Task<IReadOnlyList<PartialObjectMetadata>> DeleteAsync(ApiResource resource, string @namespace, CancellationToken cancellationToken)
    {
        var before = await ListAsync(resource, @namespace, cancellationToken);
        if (before.Count == 0)
        {
            return before;
        }

        var options = DeleteOptions.Empty with { PropagationPolicy = DeletionPropagation.Background };
        await client.DeleteCollectionAsync(resource, @namespace, ListQuery.All, options, cancellationToken);
        return await ListAsync(resource, @namespace, cancellationToken);
    }

    private async Task<IReadOnlyList<PartialObjectMetadata>> ListAsync(ApiResource resource, string @namespace, CancellationToken cancellationToken)
    {
        try
        {
            return (await client.ListAsync<PartialObjectMetadata>(resource, @namespace, ListQuery.All, cancellationToken)).Items;
        }
        catch (KubeStatusException exception) when (exception.IsNotFound)
        {
            // The server does not serve this resource.
            return [];
        }
    }
}
