using Coxswain.Api.Core.V1;
using Coxswain.Client;
using Coxswain.Client.Events;
using Coxswain.Client.Informers;
using Coxswain.Client.Reconcilers;
using Coxswain.Client.WorkQueues;
using Microsoft.Extensions.Logging;

namespace Coxswain.Network.LoadBalancers;

/// <summary>
/// Gives Services of type LoadBalancer an address from the pool, in their status; the proxy serves it like any other. A Service
/// keeps its address as long as it is of that type.
/// </summary>
public sealed class LoadBalancerController : IReconciler<NamespacedName>, IDisposable
{
    private const string VirtualAddress = "VIP";

    private readonly IKubeClient _client;
    private readonly Informer<Service> _services;
    private readonly EventRecorder _events;
    private readonly AddressBook _book;
    private readonly WorkQueue<NamespacedName> _queue;
    private readonly ReconcilerHost<NamespacedName> _host;

    /// <summary>Those that nothing could be given to: they are looked at again when something becomes free.</summary>
    private readonly HashSet<NamespacedName> _pending = [];

    public LoadBalancerController(
        LoadBalancerSettings settings, IKubeClient client, InformerFactory informers, EventBroadcaster events, TimeProvider time,
        ILoggerFactory loggers)
    {
        _client = client;
        _services = informers.Of<Service>();
        _events = events.RecorderFor("service-controller");
        _book = new AddressBook(settings.Pool);
        _queue = new WorkQueue<NamespacedName>(time);

        // One worker, as all of them share the book.
        _host = new ReconcilerHost<NamespacedName>("load balancer", _queue, this, workers: 1, loggers.CreateLogger<LoadBalancerController>());
    }

    /// <summary>Runs until cancelled.</summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        try
        {
            await _services.WaitForSyncAsync(cancellationToken);
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            return;
        }

        // What was given before is nobody else's, whoever is looked at first.
        foreach (var service in _services.List().Where(IsOurs))
        {
            if (AddressOf(service) is { } address)
            {
                _book.TryTake(NamespacedName.Of(service), address);
            }
        }

        _services.OnChange((old, now) =>
        {
            if ((old is not null && IsConcerned(old)) || (now is not null && IsConcerned(now)))
            {
                _queue.Add(NamespacedName.Of(now ?? old!)); // One of the two is always there.
            }
        });
        await _host.RunAsync(cancellationToken);
    }

    async Task<Requeue> IReconciler<NamespacedName>.ReconcileAsync(NamespacedName key, CancellationToken cancellationToken)
    {
        var service = _services.Get(key);
        if (service is null || !IsOurs(service) || service.Metadata.DeletionTimestamp is not null)
        {
            await GiveUpAsync(key, service, cancellationToken);
            return Requeue.Never;
        }

        if (Give(key, service) is not { } address)
        {
            _pending.Add(key);
            return Requeue.Never;
        }

        _pending.Remove(key);
        if (service.Status.LoadBalancer.Ingress is not [{ IpMode: VirtualAddress } known] || known.Ip != address)
        {
            await WriteAsync(service, [LoadBalancerIngress.Empty with { Ip = address, IpMode = VirtualAddress }], cancellationToken);
            _events.Normal(service, "EnsuredLoadBalancer", $"Ensured load balancer at {address}");
        }

        return Requeue.Never;
    }

    public void Dispose() => _queue.Dispose();

    /// <summary>What the Service has, wants, or gets; null when that cannot be.</summary>
    private string? Give(NamespacedName key, Service service)
    {
        if (service.Spec.LoadBalancerIP is { Length: > 0 } wanted)
        {
            var before = _book.Find(key);
            if (before != wanted && !_book.TryTake(key, wanted))
            {
                _events.Warning(
                    service, "SyncLoadBalancerFailed",
                    $"Error syncing load balancer: {wanted} is not an address of the pool, or another Service has it");
                return before;
            }

            Freed(before is not null && before != wanted);
            return wanted;
        }

        if ((_book.Find(key) ?? _book.Take(key)) is { } address)
        {
            return address;
        }

        _events.Warning(
            service, "SyncLoadBalancerFailed", "Error syncing load balancer: no address is free; give the cluster more with 'coxswain up --load-balancer-pool'");
        return null;
    }

    private async Task GiveUpAsync(NamespacedName key, Service? service, CancellationToken cancellationToken)
    {
        var before = _book.Find(key);
        if (service is { Metadata.DeletionTimestamp: null } && service.Spec.Type != ServiceType.LoadBalancer && AddressOf(service) is not null)
        {
            await WriteAsync(service, [], cancellationToken);
        }

        _pending.Remove(key);
        _book.Release(key);
        Freed(before is not null);
    }

    private void Freed(bool isFreed)
    {
        if (isFreed)
        {
            foreach (var key in _pending)
            {
                _queue.Add(key);
            }
        }
    }

    private Task WriteAsync(Service service, IReadOnlyList<LoadBalancerIngress> ingress, CancellationToken cancellationToken) =>
        _client.UpdateStatusAsync(
            service with { Status = service.Status with { LoadBalancer = service.Status.LoadBalancer with { Ingress = ingress } } }, cancellationToken);

    private static bool IsConcerned(Service service) => service.Spec.Type == ServiceType.LoadBalancer || AddressOf(service) is not null;

    private static bool IsOurs(Service service) =>
        service.Spec.Type == ServiceType.LoadBalancer && service.Spec.LoadBalancerClass is null or "" or LoadBalancerSettings.Class;

    private static string? AddressOf(Service service) =>
        service.Status.LoadBalancer.Ingress is [{ Ip.Length: > 0 } first, ..] ? first.Ip : null;
}
