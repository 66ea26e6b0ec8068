using System.Collections.Concurrent;
using Coxswain.Api;
using Coxswain.Api.Meta.V1;
using Coxswain.Client.Informers;

namespace Coxswain.Controllers.GarbageCollection;

/// <summary>Who exists and who owns whom, over every resource that can be deleted. Knows identities, not objects.</summary>
internal sealed class OwnershipGraph
{
    /// <summary>Events come in great numbers and own nothing.</summary>
    private static readonly string[] Ignored = ["events", "events.events.k8s.io"];

    private readonly List<Informer<PartialObjectMetadata>> _informers;
    private readonly ConcurrentDictionary<string, byte> _uids = new(StringComparer.Ordinal);

    public OwnershipGraph(InformerFactory informers)
    {
        _informers = [.. ApiResources.All
            .Where(resource => resource.Verbs.Contains("list") && resource.Verbs.Contains("watch") && resource.Verbs.Contains("delete"))
            .Where(resource => !Ignored.Contains(resource.QualifiedName))
            .Select(resource => informers.MetadataOf(resource, new InformerOptions(IdentityOnly: true)))];
    }

    public IReadOnlyList<IInformer> Inputs => _informers;

    public bool Exists(string uid) => _uids.ContainsKey(uid);

    public IEnumerable<(ApiResource Resource, PartialObjectMetadata Object)> DependentsOf(string uid) =>
        _informers.SelectMany(informer => informer.ListByOwner(uid).Select(obj => (informer.Resource, obj)));

    /// <summary>The owner a reference means, when it is known.</summary>
    public (ApiResource Resource, PartialObjectMetadata Object)? Find(PartialObjectMetadata dependent, OwnerReference reference)
    {
        if (ResourceOf(reference) is not { } resource)
        {
            return null;
        }

        var owner = _informers.Find(informer => informer.Resource == resource)?.Get(resource.Namespaced ? dependent.Metadata.Namespace : "", reference.Name);
        return owner?.Metadata.Uid == reference.Uid ? (resource, owner) : null;
    }

    /// <summary>Where objects of the owner's kind are served, at whatever version the reference names.</summary>
    public static ApiResource? ResourceOf(OwnerReference reference)
    {
        var kind = new ObjectKind(reference.ApiVersion, reference.Kind);
        return ApiResources.Find(kind) ?? ApiResources.All.FirstOrDefault(resource => resource.Group == kind.Group && resource.Kind == kind.Kind);
    }

    /// <summary>Calls the handler after the graph has taken each change in.</summary>
    public void OnChange(Action<ApiResource, PartialObjectMetadata?, PartialObjectMetadata?> handler)
    {
        foreach (var informer in _informers)
        {
            informer.OnChange((old, current) =>
            {
                if (old is not null && old.Metadata.Uid != current?.Metadata.Uid)
                {
                    _uids.TryRemove(old.Metadata.Uid, out _);
                    handler(informer.Resource, old, null);
                    old = null;
                }

                if (current is not null)
                {
                    _uids.TryAdd(current.Metadata.Uid, 0);
                    handler(informer.Resource, old, current);
                }
            });
        }
    }
}
