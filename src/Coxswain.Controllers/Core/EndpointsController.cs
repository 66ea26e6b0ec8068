using System.Collections.Concurrent;
using Coxswain.Api.Core.V1;
using Coxswain.Api.Discovery.V1;
using Coxswain.Api.Errors;
using Coxswain.Api.Meta.V1;
using Coxswain.Client;
using Coxswain.Client.Informers;
using Coxswain.Client.Reconcilers;
using LabelSelector = Coxswain.Api.Selectors.LabelSelector;
using V1Node = Coxswain.Api.Core.V1.Node;

namespace Coxswain.Controllers.Core;

/// <summary>
/// Lists the pods of every Service that has a selector, as EndpointSlices and as Endpoints. Services without a selector
/// are somebody else's to fill.
/// </summary>
internal sealed class EndpointsController : KeyedController
{
    private const string ByService = "service";

    /// <summary>Pods by each of their labels, Services by the first one they select: a mass start asks only who is concerned.</summary>
    private const string ByLabel = "label";
    private const string ZoneLabel = "topology.kubernetes.io/zone";

    /// <summary>How long a slice just made may take to show up in the cache.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);

    private readonly IKubeClient _sliceClient;
    private readonly IKubeClient _endpointsClient;
    private readonly TimeProvider _time;
    private readonly ConcurrentDictionary<NamespacedName, Awaited> _awaited = new();
    private readonly Informer<Service> _services;
    private readonly Informer<Pod> _pods;
    private readonly Informer<EndpointSlice> _slices;
    private readonly Informer<Endpoints> _endpoints;
    private readonly Informer<V1Node> _nodes;

    public EndpointsController(ControllerContext context)
        : base("endpoints-controller", context)
    {
        _sliceClient = context.ClientFor("endpointslice-controller");
        _endpointsClient = context.ClientFor("endpoint-controller");
        _time = context.Time;
        _services = context.Informers.Of<Service>();
        _pods = context.Informers.Of<Pod>();
        _slices = context.Informers.Of<EndpointSlice>();
        _endpoints = context.Informers.Of<Endpoints>();
        _nodes = context.Informers.Of<V1Node>();
        _services.AddIndex(ByLabel, service =>
            service.Spec.Selector.Count > 0 ? [PairOf(service.Metadata.Namespace, FirstOf(service.Spec.Selector))] : []);
        _pods.AddIndex(ByLabel, pod => pod.Metadata.Labels.Select(label => PairOf(pod.Metadata.Namespace, label)));
        _slices.AddIndex(ByService, slice => KeyOf(slice) is { } key ? [key.ToString()] : []);
    }

    protected override IReadOnlyList<IInformer> Inputs => [_services, _pods, _slices, _endpoints, _nodes];

    public override async Task<Requeue> ReconcileAsync(NamespacedName key, CancellationToken cancellationToken)
    {
        var service = _services.Get(key);
        if (service is null)
        {
            _awaited.TryRemove(key, out _);
            await DeleteEndpointsAsync(key, cancellationToken);
            return Requeue.Never;
        }

        if (service.Spec.Selector.Count == 0 || service.Spec.Type == ServiceType.ExternalName || service.Metadata.DeletionTimestamp is not null)
        {
            return Requeue.Never;
        }

        if (IsAwaiting(key))
        {
            // Planned from a cache without the slices just made, the same endpoints would be listed twice.
            return Requeue.In(Patience);
        }

        var selector = LabelSelector.From(service.Spec.Selector);
        var candidates = _pods.ListBy(ByLabel, PairOf(key.Namespace, FirstOf(service.Spec.Selector)));
        var backends = ServiceEndpoints.Of(service, candidates.Where(pod => selector.Matches(pod.Metadata.Labels)));
        await ApplyAsync(key, EndpointSlicePlan.Compute(service, backends, _slices.ListBy(ByService, key.ToString()), ZoneOf), cancellationToken);
        var existing = _endpoints.Get(key);
        var endpoints = EndpointsPlan.Compute(service, backends, existing);
        if (existing is null)
        {
            await _endpointsClient.CreateAsync(endpoints, cancellationToken);
        }
        else if (!endpoints.Equals(existing))
        {
            await _endpointsClient.UpdateAsync(endpoints, cancellationToken);
        }

        return Requeue.Never;
    }

    protected override void Subscribe()
    {
        _services.OnChange((old, current) => Queue.Add(NamespacedName.Of(current ?? old!)));
        _pods.OnChange(OnPodChange);
        _slices.OnChange((old, current) =>
        {
            if ((KeyOf(current) ?? KeyOf(old)) is { } key)
            {
                Queue.Add(key);
            }
        });
        _endpoints.OnChange((old, current) =>
        {
            // Only what a Service with that name may have to put right.
            if (_services.Get(NamespacedName.Of(current ?? old!)) is not null)
            {
                Queue.Add(NamespacedName.Of(current ?? old!));
            }
        });
    }

    private void OnPodChange(Pod? old, Pod? current)
    {
        if (old is not null && current is not null && ServiceEndpoints.IsSameBackend(old, current)
            && Api.Json.KubeEquality.Equal(old.Metadata.Labels, current.Metadata.Labels, (left, right) => left == right))
        {
            return;
        }

        AddServicesOf(old);
        AddServicesOf(current);
    }

    private void AddServicesOf(Pod? pod)
    {
        foreach (var label in pod?.Metadata.Labels ?? ObjectMeta.Empty.Labels)
        {
            foreach (var service in _services.ListBy(ByLabel, PairOf(pod!.Metadata.Namespace, label)))
            {
                if (LabelSelector.From(service.Spec.Selector).Matches(pod.Metadata.Labels))
                {
                    Queue.Add(NamespacedName.Of(service));
                }
            }
        }
    }

    private static KeyValuePair<string, string> FirstOf(IReadOnlyDictionary<string, string> selector) =>
        selector.MinBy(label => label.Key, StringComparer.Ordinal);

    private static string PairOf(string @namespace, KeyValuePair<string, string> label) => $"{@namespace}/{label.Key}={label.Value}";

    private static NamespacedName? KeyOf(EndpointSlice? slice) =>
        slice is not null
        && slice.Metadata.Labels.GetValueOrDefault(EndpointSlicePlan.ManagedBy) == EndpointSlicePlan.Manager
        && slice.Metadata.Labels.TryGetValue(EndpointSlicePlan.ServiceName, out var name)
            ? new NamespacedName(slice.Metadata.Namespace, name)
            : null;

    private string? ZoneOf(string nodeName) => _nodes.Get("", nodeName)?.Metadata.Labels.GetValueOrDefault(ZoneLabel);

    private bool IsAwaiting(NamespacedName key)
    {
        if (_awaited.TryGetValue(key, out var awaited) && _time.GetUtcNow() - awaited.Since < Patience
            && awaited.Slices.Exists(name => _slices.Get(key.Namespace, name) is null))
        {
            return true;
        }

        _awaited.TryRemove(key, out _);
        return false;
    }

    private async Task ApplyAsync(NamespacedName key, EndpointSlicePlan plan, CancellationToken cancellationToken)
    {
        foreach (var slice in plan.Create)
        {
            var created = await _sliceClient.CreateAsync(slice, cancellationToken);
            _awaited.GetOrAdd(key, _ => new Awaited([], _time.GetUtcNow())).Slices.Add(created.Metadata.Name);
        }

        foreach (var slice in plan.Update)
        {
            await _sliceClient.UpdateAsync(slice, cancellationToken);
        }

        foreach (var slice in plan.Delete)
        {
            await IgnoringAbsenceAsync(_sliceClient.DeleteAsync<EndpointSlice>(slice.Metadata.Namespace, slice.Metadata.Name, DeleteOptions.Empty, cancellationToken));
        }
    }

    /// <summary>The slices go with their owner; Endpoints have none.</summary>
    private async Task DeleteEndpointsAsync(NamespacedName key, CancellationToken cancellationToken)
    {
        if (_endpoints.Get(key) is { } endpoints)
        {
            var options = DeleteOptions.Empty with { Preconditions = new Api.Meta.V1.Preconditions { Uid = endpoints.Metadata.Uid } };
            await IgnoringAbsenceAsync(_endpointsClient.DeleteAsync<Endpoints>(key.Namespace, key.Name, options, cancellationToken));
        }
    }

    private static async Task IgnoringAbsenceAsync(Task deletion)
    {
        try
        {
            await deletion;
        }
        catch (KubeStatusException exception) when (exception.IsNotFound)
        {
            // Gone is what was wanted.
        }
    }

    private sealed record Awaited(List<string> Slices, DateTimeOffset Since);
}
