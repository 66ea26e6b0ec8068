using Coxswain.Api.Apps.V1;
using Coxswain.Api.Core.V1;
using Coxswain.Client;

namespace Coxswain.Controllers.Tests.Apps;

/// <summary>The extremes that the pods and ReplicaSets of the default namespace reached since it began to watch.</summary>
internal sealed class RolloutBounds
{
    private readonly Dictionary<string, Pod> _pods = [];
    private readonly Dictionary<string, int> _sets = [];

    public int LeastReady { get; private set; } = int.MaxValue;

    public int MostExisting { get; private set; }

    /// <summary>
    /// The most pods the ReplicaSets ever asked for together. That is what maxSurge bounds: of pods there may be more for
    /// a moment, when one set has grown before another has begun to shrink.
    /// </summary>
    public int MostAskedFor { get; private set; }

    public static RolloutBounds Watch(ControlPlane cluster)
    {
        var bounds = new RolloutBounds();
        cluster.Cluster.Run(stopping => WatchAsync<Pod>(cluster.Cluster.Server.Admin, bounds.See, stopping));
        cluster.Cluster.Run(stopping => WatchAsync<ReplicaSet>(cluster.Cluster.Server.Admin, bounds.See, stopping));
        cluster.Cluster.Settle();
        (bounds.LeastReady, bounds.MostExisting, bounds.MostAskedFor) = (int.MaxValue, 0, 0);
        return bounds;
    }

    private static async Task WatchAsync<T>(IKubeClient client, Action<WatchEventType, T> see, CancellationToken stopping)
        where T : class, Api.IKubeObject<T>
    {
        try
        {
            await foreach (var change in client.WatchAsync<T>("default", new WatchQuery(""), stopping))
            {
                see(change.Type, change.Object);
            }
        }
        catch (OperationCanceledException) when (stopping.IsCancellationRequested)
        {
        }
    }

    private void See(WatchEventType type, Pod pod)
    {
        if (type == WatchEventType.Bookmark)
        {
            return;
        }

        _pods[pod.Metadata.Uid] = pod;
        if (type == WatchEventType.Deleted)
        {
            _pods.Remove(pod.Metadata.Uid);
        }

        var existing = _pods.Values.Where(known => known.Metadata.DeletionTimestamp is null).ToList();
        LeastReady = Math.Min(LeastReady, existing.Count(PodConditions.IsReady));
        MostExisting = Math.Max(MostExisting, existing.Count);
    }

    private void See(WatchEventType type, ReplicaSet set)
    {
        if (type != WatchEventType.Bookmark)
        {
            _sets[set.Metadata.Uid] = set.Spec.Replicas ?? 1;
            MostAskedFor = Math.Max(MostAskedFor, _sets.Values.Sum());
        }
    }
}
