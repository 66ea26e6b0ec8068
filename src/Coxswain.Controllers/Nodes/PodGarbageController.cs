using System.Collections.Concurrent;
using Coxswain.Api.Core.V1;
using Coxswain.Api.Errors;
using Coxswain.Api.Meta.V1;
using Coxswain.Client;
using Coxswain.Client.Informers;
using Coxswain.Client.Reconcilers;
using V1Node = Coxswain.Api.Core.V1.Node;

namespace Coxswain.Controllers.Nodes;

/// <summary>
/// Removes pods that nobody else will: those of nodes that no longer exist, and finished ones beyond a number. The key is
/// a node's name, or empty for the finished ones. (Pods deleted before they have a node go at once, by the API server.)
/// </summary>
internal sealed class PodGarbageController : KeyedController
{
    private static readonly NamespacedName Finished = new("", "");

    private readonly IKubeClient _client;
    private readonly TimeProvider _time;
    private readonly ControllerOptions _options;
    private readonly Informer<Pod> _pods;
    private readonly Informer<V1Node> _nodes;

    // Set by the queue's worker for the node's key.
    private readonly ConcurrentDictionary<string, DateTimeOffset> _missingSince = new(StringComparer.Ordinal);
    private int _finished;

    public PodGarbageController(ControllerContext context, ControllerOptions options)
        : base("pod-garbage-collector", context, workers: 2)
    {
        _client = context.ClientFor("pod-garbage-collector");
        _time = context.Time;
        _options = options;
        _pods = context.Informers.Of<Pod>().WithNodeNames();
        _nodes = context.Informers.Of<V1Node>();
    }

    protected override IReadOnlyList<IInformer> Inputs => [_pods, _nodes];

    public override async Task<Requeue> ReconcileAsync(NamespacedName key, CancellationToken cancellationToken)
    {
        if (key == Finished)
        {
            await DeleteFinishedAsync(cancellationToken);
            return Requeue.Never;
        }

        return await DeleteOrphanedAsync(key.Name, cancellationToken);
    }

    protected override void Subscribe()
    {
        _nodes.OnChange((old, current) =>
        {
            if (old is null || current is null)
            {
                // Not left to the worker: a node that comes and goes again before one is free starts to count anew.
                _missingSince.TryRemove((current ?? old!).Metadata.Name, out _);
                Queue.Add(new NamespacedName("", (current ?? old!).Metadata.Name));
            }
        });
        _pods.OnChange(OnPodChange);
    }

    private void OnPodChange(Pod? old, Pod? current)
    {
        var finished = (current?.IsFinished() == true ? 1 : 0) - (old?.IsFinished() == true ? 1 : 0);
        if (finished != 0 && Interlocked.Add(ref _finished, finished) > _options.MaxFinishedPods && _options.MaxFinishedPods > 0)
        {
            Queue.Add(Finished);
        }

        if (current is { Spec.NodeName.Length: > 0 } && (old is null || old.Spec.NodeName.Length == 0) && _nodes.Get("", current.Spec.NodeName) is null)
        {
            Queue.Add(new NamespacedName("", current.Spec.NodeName));
        }
    }

    private async Task<Requeue> DeleteOrphanedAsync(string nodeName, CancellationToken cancellationToken)
    {
        var pods = _pods.ListOnNode(nodeName);
        if (_nodes.Get("", nodeName) is not null || pods.Count == 0)
        {
            _missingSince.TryRemove(nodeName, out _);
            return Requeue.Never;
        }

        var now = _time.GetUtcNow();
        var wait = _missingSince.GetOrAdd(nodeName, now) + _options.OrphanedPodGracePeriod - now;
        if (wait > TimeSpan.Zero)
        {
            return Requeue.In(wait);
        }

        // Asked of the server, not the cache, before pods that may still run are forgotten.
        if (await _client.FindAsync<V1Node>(null, nodeName, cancellationToken) is null)
        {
            foreach (var pod in pods)
            {
                await DeleteLostAsync(pod, now, cancellationToken);
            }
        }

        _missingSince.TryRemove(nodeName, out _);
        return Requeue.Never;
    }

    private async Task DeleteLostAsync(Pod pod, DateTimeOffset now, CancellationToken cancellationToken)
    {
        try
        {
            if (!pod.IsFinished())
            {
                await _client.MarkDisruptedAsync(pod, "DeletionByPodGC", "PodGC: node no longer exists", isLost: true, now, cancellationToken);
            }
        }
        catch (KubeStatusException exception) when (exception.IsNotFound)
        {
            return;
        }

        await DeleteNowAsync(pod, cancellationToken);
    }

    private async Task DeleteFinishedAsync(CancellationToken cancellationToken)
    {
        if (_options.MaxFinishedPods <= 0)
        {
            return;
        }

        var finished = _pods.List().Where(PodConditions.IsFinished).ToList();
        foreach (var pod in finished.OrderBy(pod => pod.Metadata.CreationTimestamp).Take(finished.Count - _options.MaxFinishedPods))
        {
            await DeleteNowAsync(pod, cancellationToken);
        }
    }

    private async Task DeleteNowAsync(Pod pod, CancellationToken cancellationToken)
    {
        var options = DeleteOptions.Empty with { GracePeriodSeconds = 0, Preconditions = new Api.Meta.V1.Preconditions { Uid = pod.Metadata.Uid } };
        try
        {
            await _client.DeleteAsync<Pod>(pod.Metadata.Namespace, pod.Metadata.Name, options, cancellationToken);
        }
        catch (KubeStatusException exception) when (exception.IsNotFound || exception.IsConflict)
        {
            // Gone, or another pod by now.
        }
    }
}
