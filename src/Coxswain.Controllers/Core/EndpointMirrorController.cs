using Coxswain.Api.Core.V1;
using Coxswain.Api.Discovery.V1;
using Coxswain.Api.Errors;
using Coxswain.Api.Meta.V1;
using Coxswain.Client;
using Coxswain.Client.Informers;
using Coxswain.Client.Reconcilers;

namespace Coxswain.Controllers.Core;

/// <summary>Mirrors Endpoints that users write into EndpointSlices, which alone are followed by proxies and DNS.</summary>
internal sealed class EndpointMirrorController : KeyedController
{
    private const string OwnName = "endpointslicemirroring-controller";

    private readonly IKubeClient _client;
    private readonly Informer<Service> _services;
    private readonly Informer<Endpoints> _endpoints;
    private readonly Informer<EndpointSlice> _slices;

    public EndpointMirrorController(ControllerContext context)
        : base(OwnName, context)
    {
        _client = context.ClientFor(OwnName);
        _services = context.Informers.Of<Service>();
        _endpoints = context.Informers.Of<Endpoints>();
        _slices = context.Informers.Of<EndpointSlice>();
    }

    protected override IReadOnlyList<IInformer> Inputs => [_services, _endpoints, _slices];

    public override async Task<Requeue> ReconcileAsync(NamespacedName key, CancellationToken cancellationToken)
    {
        var endpoints = _endpoints.Get(key);
        var wanted = endpoints is not null && EndpointMirrorPlan.IsWanted(endpoints, _services.Get(key))
            ? EndpointMirrorPlan.Slices(endpoints).ToDictionary(slice => slice.Metadata.Name, StringComparer.Ordinal)
            : [];
        var there = endpoints is null ? [] : _slices.ListByOwner(endpoints.Metadata.Uid).Where(IsOurs).ToList();
        foreach (var slice in there.Where(slice => slice.Metadata.DeletionTimestamp is null))
        {
            if (!wanted.Remove(slice.Metadata.Name, out var current) || current.AddressType != slice.AddressType)
            {
                await DeleteAsync(slice, cancellationToken);
            }
            else if (!EndpointMirrorPlan.IsSame(current, slice))
            {
                await _client.UpdateAsync(current with { Metadata = slice.Metadata with { Labels = current.Metadata.Labels } }, cancellationToken);
            }
        }

        foreach (var slice in wanted.Values)
        {
            await _client.CreateAsync(slice, cancellationToken);
        }

        return Requeue.Never;
    }

    protected override void Subscribe()
    {
        _services.OnChange((old, current) => Queue.Add(NamespacedName.Of(current ?? old!)));
        _endpoints.OnChange((old, current) => Queue.Add(NamespacedName.Of(current ?? old!)));
        _slices.OnChange((old, current) =>
        {
            if (IsOurs((current ?? old)!) && OwnerKeys.Of<Endpoints>(current ?? old) is { } key)
            {
                Queue.Add(key);
            }
        });
    }

    private static bool IsOurs(EndpointSlice slice) => slice.Metadata.Labels.GetValueOrDefault(EndpointSlicePlan.ManagedBy) == EndpointMirrorPlan.Manager;

    private async Task DeleteAsync(EndpointSlice slice, CancellationToken cancellationToken)
    {
        try
        {
            await _client.DeleteAsync<EndpointSlice>(slice.Metadata.Namespace, slice.Metadata.Name, DeleteOptions.Empty, cancellationToken);
        }
        catch (KubeStatusException exception) when (exception.IsNotFound)
        {
            // Somebody was faster.
        }
    }
}
