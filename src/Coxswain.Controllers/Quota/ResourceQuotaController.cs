using System.Collections.Concurrent;
using Coxswain.Api;
using Coxswain.Api.Core.V1;
using Coxswain.Api.Meta.V1;
using Coxswain.Api.Resources;
using Coxswain.Client;
using Coxswain.Client.Informers;
using Coxswain.Client.Reconcilers;

namespace Coxswain.Controllers.Quota;

/// <summary>
/// Keeps the status of ResourceQuotas in line with what there is (https://kubernetes.io/docs/concepts/policy/resource-quotas/).
/// Admission adds what is about to be made; this counts anew, and so gives back what has gone.
/// </summary>
internal sealed class ResourceQuotaController : KeyedController
{
    private const string OwnName = "resourcequota-controller";

    private readonly ControllerContext _context;
    private readonly IKubeClient _client;
    private readonly Informer<ResourceQuota> _quotas;
    private readonly Informer<Pod> _pods;
    private readonly Informer<Service> _services;
    private readonly Informer<PersistentVolumeClaim> _claims;

    // One for each kind that a quota counts: they are shared with the garbage collector.
    private readonly ConcurrentDictionary<string, Informer<PartialObjectMetadata>> _counted = new(StringComparer.Ordinal);

    public ResourceQuotaController(ControllerContext context)
        : base(OwnName, context)
    {
        _context = context;
        _client = context.ClientFor(OwnName);
        _quotas = context.Informers.Of<ResourceQuota>();
        _pods = context.Informers.Of<Pod>();
        _services = context.Informers.Of<Service>();
        _claims = context.Informers.Of<PersistentVolumeClaim>();
    }

    protected override IReadOnlyList<IInformer> Inputs => [_quotas, _pods, _services, _claims];

    public override async Task<Requeue> ReconcileAsync(NamespacedName key, CancellationToken cancellationToken)
    {
        if (_quotas.Get(key) is not { Metadata.DeletionTimestamp: null } quota)
        {
            return Requeue.Never;
        }

        var objects = new List<(ApiResource, IKubeObject)>();
        objects.AddRange(_pods.List(key.Namespace).Select(pod => (_pods.Resource, (IKubeObject)pod)));
        objects.AddRange(_services.List(key.Namespace).Select(service => (_services.Resource, (IKubeObject)service)));
        objects.AddRange(_claims.List(key.Namespace).Select(claim => (_claims.Resource, (IKubeObject)claim)));
        foreach (var name in quota.Spec.Hard.Keys.Select(QuotaUsage.CountedBy).OfType<string>().Distinct(StringComparer.Ordinal))
        {
            if (CountedOf(name) is { } informer)
            {
                await informer.WaitForSyncAsync(cancellationToken);
                objects.AddRange(informer.List(key.Namespace).Select(obj => (informer.Resource, (IKubeObject)obj)));
            }
        }

        var status = new ResourceQuotaStatus { Hard = quota.Spec.Hard, Used = QuotaUsage.Sum(quota, objects) };
        if (!status.Equals(quota.Status))
        {
            await _client.UpdateStatusAsync(quota with { Status = status }, cancellationToken);
        }

        return Requeue.Never;
    }

    protected override void Subscribe()
    {
        _quotas.OnChange((old, current) =>
        {
            Queue.Add(NamespacedName.Of(current ?? old!));
            AddAll((current ?? old!).Metadata.Namespace, old is null || current is null);
        });

        // Heartbeats and conditions change nothing that is counted.
        _pods.OnChange((old, current) => AddAll(
            (current ?? old!).Metadata.Namespace, old is null || current is null || old.IsFinished() != current.IsFinished() || !old.Spec.Equals(current.Spec)));
        _services.OnChange((old, current) => AddAll((current ?? old!).Metadata.Namespace, old is null || current is null || !old.Spec.Equals(current.Spec)));
        _claims.OnChange((old, current) => AddAll((current ?? old!).Metadata.Namespace, old is null || current is null || !old.Spec.Equals(current.Spec)));
    }

    private void AddAll(string @namespace, bool matters)
    {
        if (matters)
        {
            foreach (var quota in _quotas.List(@namespace))
            {
                Queue.Add(NamespacedName.Of(quota));
            }
        }
    }

    /// <summary>Null for a kind that is not served.</summary>
    private Informer<PartialObjectMetadata>? CountedOf(string qualifiedName)
    {
        var resource = _context.Discovery.Current.Resources.FirstOrDefault(resource => resource.QualifiedName == qualifiedName && resource.Namespaced);
        return resource is null ? null : _counted.GetOrAdd(qualifiedName, _ =>
        {
            var informer = _context.Informers.MetadataOf(resource, new InformerOptions(IdentityOnly: true));
            informer.OnChange((old, current) => AddAll((current ?? old!).Metadata.Namespace, old is null || current is null));
            return informer;
        });
    }
}
