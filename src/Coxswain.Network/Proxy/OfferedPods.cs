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
    private readonly Dictionary<string, int> _serving = new(StringComparer.Ordinal);
    private readonly Dictionary<string, TaskCompletionSource> _waiting = new(StringComparer.Ordinal);

    /// <summary>To be told of every change of a slice.</summary>
    public void Observe(EndpointSlice? old, EndpointSlice? current)
    {
        lock (_lock)
        {
            Count(current, 1);
            Count(old, -1);
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

    /// <summary>Whether the Pod answers, be it offered or on its way out.</summary>
    public bool Serves(string uid)
    {
        lock (_lock)
        {
            return _serving.ContainsKey(uid);
        }
    }

    private void Count(EndpointSlice? slice, int by)
    {
        if (slice is null || slice.Metadata.Labels.GetValueOrDefault(ManagedBy) != Manager)
        {
            return;
        }

        foreach (var endpoint in slice.Endpoints)
        {
            if (endpoint.TargetRef is not { Kind: "Pod", Uid: { Length: > 0 } uid })
            {
                continue;
            }

            var isReady = endpoint.Conditions.Ready ?? true;
            if (endpoint.Conditions.Serving ?? isReady)
            {
                Add(_serving, uid, by);
            }

            // A Service may publish Pods that are not ready; one that ends is none the less on its way out.
            if (isReady && endpoint.Conditions.Terminating != true && Add(_offers, uid, by) == 0 && _waiting.Remove(uid, out var waiting))
            {
                waiting.TrySetResult();
            }
        }
    }

    private static int Add(Dictionary<string, int> counts, string uid, int by)
    {
        var count = counts.GetValueOrDefault(uid) + by;
        if (count > 0)
        {
            counts[uid] = count;
        }
        else
        {
            counts.Remove(uid);
        }

        return count;
    }
}
