using System.Collections.Frozen;
using Coxswain.Api;

namespace Coxswain.ApiServer.Resources;

/// <summary>Every resource that is served, found by the parts of its path.</summary>
internal sealed class ResourceRegistry
{
    private readonly FrozenDictionary<(string Group, string Version, string Plural), ServedResource> _byPath;

    /// <param name="strategyOf">What is particular to a resource.</param>
    public ResourceRegistry(Func<ApiResource, ResourceStrategy> strategyOf)
    {
        All = [.. ApiResources.All
            .Where(resource => resource.Group is not "metrics.k8s.io")
            .Select(resource => new ServedResource(
                resource, Schemas.Find(new ObjectKind(resource.ApiVersion, resource.Kind)), strategyOf(resource)))];
        _byPath = All.ToFrozenDictionary(served => (served.Resource.Group, served.Resource.Version, served.Resource.Plural));
    }

    public IReadOnlyList<ServedResource> All { get; }

    public ServedResource? Find(string apiGroup, string version, string plural) => _byPath.GetValueOrDefault((apiGroup, version, plural));

    /// <exception cref="InvalidOperationException">A resource the server itself relies on is not served.</exception>
    public ServedResource Of<T>()
        where T : IKubeObject<T> => Of(ApiResources.Of<T>());

    public ServedResource Of(ApiResource resource) =>
        Find(resource.Group, resource.Version, resource.Plural) ?? throw new KubeStatusException(Statuses.ResourceNotFound());
}
