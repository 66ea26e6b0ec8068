using System.Collections.Concurrent;
using Coxswain.Api;
using Coxswain.Api.Meta.V1;
using Coxswain.Api.Resources;
using Coxswain.Client;
using Coxswain.Client.Informers;

namespace Coxswain.Controllers.GarbageCollection;

/// <summary>
/// Who exists and who owns whom, over every resource that is served and can be deleted, custom ones included. Knows
/// identities, not objects. Follows what is served: each resource has an informer as long as it is there.
/// </summary>
/// <param name="onChange">Told of each change after the graph has taken it in.</param>
internal sealed class OwnershipGraph(
    IKubeDiscovery discovery, InformerFactory informers, Action<ApiResource, PartialObjectMetadata?, PartialObjectMetadata?> onChange)
{
    /// <summary>Events come in great numbers and own nothing.</summary>
    private static readonly string[] Ignored = ["events", "events.events.k8s.io"];

    private readonly ConcurrentDictionary<string, byte> _uids = new(StringComparer.Ordinal);
    private ServedResources? _served;
    private Informer<PartialObjectMetadata>[] _informers = [];

    public IReadOnlyList<IInformer> Inputs => Volatile.Read(ref _informers);

    public bool Exists(string uid) => _uids.ContainsKey(uid);

    public IEnumerable<(ApiResource Resource, PartialObjectMetadata Object)> DependentsOf(string uid) =>
        Volatile.Read(ref _informers).SelectMany(informer => informer.ListByOwner(uid).Select(obj => (informer.Resource, obj)));

    /// <summary>Every known object that names an owner of this kind.</summary>
    public IEnumerable<(ApiResource Resource, PartialObjectMetadata Object)> DependentsOf(ApiResource owners) =>
        Volatile.Read(ref _informers).SelectMany(informer => informer.List()
            .Where(obj => obj.Metadata.OwnerReferences.Any(owner =>
                owner.Kind == owners.Kind && new ObjectKind(owner.ApiVersion, owner.Kind).Group == owners.Group))
            .Select(obj => (informer.Resource, obj)));

    /// <summary>The owner a reference means, when it is known.</summary>
    public (ApiResource Resource, PartialObjectMetadata Object)? Find(PartialObjectMetadata dependent, OwnerReference reference)
    {
        if (ResourceOf(reference) is not { } resource)
        {
            return null;
        }

        var informer = Array.Find(Volatile.Read(ref _informers), informer => informer.Resource.QualifiedName == resource.QualifiedName);
        var owner = informer?.Get(resource.Namespaced ? dependent.Metadata.Namespace : "", reference.Name);
        return owner?.Metadata.Uid == reference.Uid ? (resource, owner) : null;
    }

    /// <summary>Where objects of the owner's kind are served, at whatever version the reference names.</summary>
    public ApiResource? ResourceOf(OwnerReference reference) => discovery.Current.Find(new ObjectKind(reference.ApiVersion, reference.Kind));

    /// <summary>Takes in what is served now.</summary>
    /// <returns>The resources that have come, and what was served before nobody knew of any.</returns>
    public IReadOnlyList<ApiResource> Refresh()
    {
        var served = discovery.Current;
        if (ReferenceEquals(served, _served))
        {
            return [];
        }

        _served = served;
        var wanted = served.Resources
            .Where(resource => resource.Verbs.Contains("list") && resource.Verbs.Contains("watch") && resource.Verbs.Contains("delete"))
            .Where(resource => !Ignored.Contains(resource.QualifiedName))
            .ToList();
        var kept = _informers.Where(informer => wanted.Exists(resource => IsSame(resource, informer.Resource))).ToList();
        foreach (var gone in _informers.Except(kept))
        {
            informers.Stop(gone);
            foreach (var obj in gone.List())
            {
                _uids.TryRemove(obj.Metadata.Uid, out _);
            }
        }

        var come = wanted.Where(resource => !kept.Exists(informer => IsSame(resource, informer.Resource))).ToList();
        var added = come.ConvertAll(resource => informers.MetadataOf(resource, new InformerOptions(IdentityOnly: true)));
        Volatile.Write(ref _informers, [.. kept, .. added]);
        added.ForEach(Subscribe);
        return come;
    }

    /// <summary>Waits until something else is served than what was taken in last.</summary>
    public Task WaitForChangeAsync(CancellationToken cancellationToken) =>
        discovery.WaitForChangeAsync(_served ?? discovery.Current, cancellationToken);

    private static bool IsSame(ApiResource left, ApiResource right) =>
        left.QualifiedName == right.QualifiedName && left.Version == right.Version && left.Kind == right.Kind && left.Namespaced == right.Namespaced;

    private void Subscribe(Informer<PartialObjectMetadata> informer) => informer.OnChange((old, current) =>
    {
        if (old is not null && old.Metadata.Uid != current?.Metadata.Uid)
        {
            _uids.TryRemove(old.Metadata.Uid, out _);
            onChange(informer.Resource, old, null);
            old = null;
        }

        if (current is not null)
        {
            _uids.TryAdd(current.Metadata.Uid, 0);
            onChange(informer.Resource, old, current);
        }
    });
}
