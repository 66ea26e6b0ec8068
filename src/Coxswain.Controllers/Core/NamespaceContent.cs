using Coxswain.Api.Errors;
using Coxswain.Api.Meta.V1;
using Coxswain.Api.Resources;
using Coxswain.Client;

namespace Coxswain.Controllers.Core;

/// <summary>Deletes everything a namespace holds, of whatever kinds are served.</summary>
internal sealed class NamespaceContent(IKubeClient client, IKubeDiscovery discovery)
{
    private static readonly ApiResource Pods = ApiResources.Of<Api.Core.V1.Pod>();

    private static readonly DeleteOptions InBackground = DeleteOptions.Empty with { PropagationPolicy = DeletionPropagation.Background };

    /// <summary>
    /// Asks for the deletion of all content and returns what is still there. Pods go first and nothing else before they
    /// are gone: what they use must not be taken from under them. A resource that fails does not hold up the others, but
    /// it is not taken for empty either.
    /// </summary>
    public async Task<NamespaceRemains> DeleteAsync(string @namespace, CancellationToken cancellationToken)
    {
        var left = new List<(ApiResource, IReadOnlyList<PartialObjectMetadata>)>();
        var failures = new List<string>();
        await DeleteAsync(Pods, @namespace, left, failures, cancellationToken);
        if (left.Count > 0)
        {
            return new NamespaceRemains(left, failures);
        }

        foreach (var resource in discovery.Current.Resources.Where(IsContent))
        {
            await DeleteAsync(resource, @namespace, left, failures, cancellationToken);
        }

        return new NamespaceRemains(left, failures);
    }

    private static bool IsContent(ApiResource resource) =>
        resource.Namespaced && resource.Verbs.Contains("list") && resource.Verbs.Contains("delete") && resource.QualifiedName != Pods.QualifiedName;

    private async Task DeleteAsync(
        ApiResource resource, string @namespace, List<(ApiResource, IReadOnlyList<PartialObjectMetadata>)> left, List<string> failures,
        CancellationToken cancellationToken)
    {
        try
        {
            var objects = await ListAsync(resource, @namespace, cancellationToken);
            if (objects.Count > 0)
            {
                await DeleteAsync(resource, @namespace, objects, cancellationToken);
                objects = await ListAsync(resource, @namespace, cancellationToken);
            }

            if (objects.Count > 0)
            {
                left.Add((resource, objects));
            }
        }
        catch (KubeStatusException exception) when (exception.IsNotFound)
        {
            // Not served any more: what it held is gone with it.
        }
        catch (Exception exception) when (!cancellationToken.IsCancellationRequested)
        {
            failures.Add($"{resource.QualifiedName}: {exception.Message}");
        }
    }

    private async Task DeleteAsync(
        ApiResource resource, string @namespace, IReadOnlyList<PartialObjectMetadata> objects, CancellationToken cancellationToken)
    {
        if (resource.Verbs.Contains("deletecollection"))
        {
            await client.DeleteCollectionAsync(resource, @namespace, ListQuery.All, InBackground, cancellationToken);
            return;
        }

        foreach (var obj in objects)
        {
            try
            {
                await client.DeleteAsync(resource, @namespace, obj.Metadata.Name, InBackground, cancellationToken);
            }
            catch (KubeStatusException exception) when (exception.IsNotFound)
            {
                // Gone is what was wanted.
            }
        }
    }

    private async Task<IReadOnlyList<PartialObjectMetadata>> ListAsync(ApiResource resource, string @namespace, CancellationToken cancellationToken) =>
        (await client.ListAsync<PartialObjectMetadata>(resource, @namespace, ListQuery.All, cancellationToken)).Items;
}
