using System.Collections.Concurrent;
using System.Collections.Frozen;
using Coxswain.Client;

namespace Coxswain.ApiServer.Resources;

/// <summary>
/// One state of what is served: every resource at each of its versions. Immutable; kinds that come or go make another
/// one, which <see cref="CatalogueHolder"/> puts in its place.
/// </summary>
internal sealed class Catalogue
{
    private readonly FrozenDictionary<(string Group, string Version, string Plural), ServedResource> _byPath;
    private readonly ConcurrentDictionary<Type, object> _derived = new();

    /// <param name="resources">Each version of a resource once.</param>
    /// <param name="remote">What other servers serve; null for nothing.</param>
    public Catalogue(IEnumerable<ServedResource> resources, IReadOnlyList<RemoteGroupVersion>? remote = null)
    {
        Remote = remote ?? [];
        All = [.. resources
            .OrderBy(served => served.Resource.Group, StringComparer.Ordinal).ThenBy(served => served.Resource.Plural, StringComparer.Ordinal)
            .ThenBy(served => served.Resource.Version, ApiVersionOrder.Instance)];
        _byPath = All.ToFrozenDictionary(served => (served.Resource.Group, served.Resource.Version, served.Resource.Plural));

        // A resource that shows the objects of another group's adds nothing to what can be listed or collected.
        Discovered = new ServedResources([.. All.Where(served => served.Storage.Resource.Group == served.Resource.Group)
            .Select(served => served.Resource).DistinctBy(resource => (resource.Group, resource.Plural))]);
    }

    /// <summary>In the order of groups and names, the preferred version of each first.</summary>
    public IReadOnlyList<ServedResource> All { get; }

    public ServedResources Discovered { get; }

    /// <summary>What other servers serve: told of in discovery, and looked up nowhere here.</summary>
    public IReadOnlyList<RemoteGroupVersion> Remote { get; }

    public ServedResource? Find(string apiGroup, string version, string plural) => _byPath.GetValueOrDefault((apiGroup, version, plural));

    /// <summary>Something made of the whole catalogue, once, and kept as long as it (discovery, OpenAPI). One form a type.</summary>
    public T Derive<T>(Func<Catalogue, T> make)
        where T : class => (T)_derived.GetOrAdd(typeof(T), static (_, state) => state.make(state.self), (make, self: this));

    public Catalogue With(IEnumerable<ServedResource> added)
    {
        List<ServedResource> news = [.. added];
        var replaced = news.Select(served => (served.Resource.Group, served.Resource.Version, served.Resource.Plural)).ToHashSet();
        return Holding([.. All.Where(served => !replaced.Contains((served.Resource.Group, served.Resource.Version, served.Resource.Plural))), .. news]);
    }

    /// <summary>With other resources, and the same of other servers.</summary>
    public Catalogue Holding(IEnumerable<ServedResource> resources) => new(resources, Remote);

    public Catalogue WithRemote(IReadOnlyList<RemoteGroupVersion> remote) => new(All, remote);

    /// <summary>Without any version of a resource.</summary>
    public Catalogue Without(string apiGroup, string plural) =>
        Holding(All.Where(served => served.Resource.Group != apiGroup || served.Resource.Plural != plural));
}
