using Coxswain.Api.Discovery.V1;

namespace Coxswain.Network.Proxy;

/// <summary>
/// The Pods that EndpointSlices of Kubernetes' own controller offer for new connections, by uid, for those who wait until one is
/// offered no more. Bounded by the number of endpoints.
/// </summary>
/// <remarks>Slices made by hand or by others are left out: nobody takes a Pod that ends out of them.</remarks>
internal sealed class OfferedPods
{
    private const string ManagedBy = "endpointslice.kubernetes.io/managed-by";
    private const string Manager = "endpointslice-controller.k8s.io";

    private readonly Lock _lock = new();
    private readonly Dictionary<string, int> _offers = new(StringComparer.Ordinal);
    private readonly Dictionary<string, TaskCompletionSource> _waiting = new(StringComparer.Ordinal);

    /// <summary>To be told of every change of a slice.</summary>
    public void Observe(EndpointSlice? old, EndpointSlice? current)
    {
        lock (_lock)
        {
            foreach (var uid in OffersOf(current))
            {
                _offers[uid] = _offers.GetValueOrDefault(uid) + 1;
            }

            foreach (var uid in OffersOf(old))
            {
                var left = _offers.GetValueOrDefault(uid) - 1;
                if (left > 0)
                {
                    _offers[uid] = left;
                }
                else
                {
                    _offers.Remove(uid);
                    if (_waiting.Remove(uid, out var waiting))
                    {
                        waiting.TrySetResult();
                    }
                }
            }
        }
    }

    public Task WaitUntilWithdrawnAsync(string uid, CancellationToken cancellationToken)
    {
        lock (_lock)
        {
            if (!_offers.ContainsKey(uid))
            {
                return Task.CompletedTask;
            }

            if (!_waiting.TryGetValue(uid, out var waiting))
            {
                _waiting[uid] = waiting = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            }

            return waiting.Task.WaitAsync(cancellationToken);
        }
    }

    private static IEnumerable<string> OffersOf(EndpointSlice? slice)
    {
        if (slice is null || slice.Metadata.Labels.GetValueOrDefault(ManagedBy) != Manager)
        {
            yield break;
        }

        foreach (var endpoint in slice.Endpoints)
        {
            // A Service may publish Pods that are not ready; one that ends is none the less on its way out.
            if ((endpoint.Conditions.Ready ?? true) && endpoint.Conditions.Terminating != true && endpoint.TargetRef is { Kind: "Pod", Uid: { Length: > 0 } uid })
            {
                yield return uid;
            }
        }
    }
}
