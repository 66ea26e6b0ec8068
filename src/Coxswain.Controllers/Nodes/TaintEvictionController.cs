using Coxswain.Api.Core.V1;
using Coxswain.Api.Meta.V1;
using Coxswain.Client;
using Coxswain.Client.Events;
using Coxswain.Client.Informers;
using Coxswain.Client.Reconcilers;
using Coxswain.Scheduler;
using V1Node = Coxswain.Api.Core.V1.Node;

namespace Coxswain.Controllers.Nodes;

/// <summary>
/// Deletes pods from nodes with NoExecute taints they do not tolerate, or tolerate only for a time that is over
/// (https://kubernetes.io/docs/concepts/scheduling-eviction/taint-and-toleration/#taint-based-evictions).
/// </summary>
internal sealed class TaintEvictionController : KeyedController
{
    private readonly IKubeClient _client;
    private readonly TimeProvider _time;
    private readonly Informer<V1Node> _nodes;
    private readonly Informer<Pod> _pods;
    private readonly EventRecorder _events;

    public TaintEvictionController(ControllerContext context)
        : base("taint-eviction-controller", context)
    {
        _client = context.ClientFor("node-controller");
        _time = context.Time;
        _nodes = context.Informers.Of<V1Node>();
        _pods = context.Informers.Of<Pod>().WithNodeNames();
        _events = context.Events.RecorderFor("taint-eviction-controller");
    }

    protected override IReadOnlyList<IInformer> Inputs => [_nodes, _pods];

    /// <summary>When a pod must leave a node with these taints; null for never.</summary>
    public static DateTimeOffset? LeavesAt(IReadOnlyList<Toleration> tolerations, IReadOnlyList<Taint> taints, DateTimeOffset now)
    {
        DateTimeOffset? earliest = null;
        foreach (var taint in taints.Where(taint => taint.Effect == TaintEffect.NoExecute))
        {
            var tolerating = tolerations.Where(toleration => Tolerations.Tolerates(toleration, taint)).ToList();
            if (tolerating.Count == 0)
            {
                return now;
            }

            // Of several tolerations the shortest counts; one without a limit does not lengthen another.
            if (tolerating.Min(toleration => toleration.TolerationSeconds) is { } seconds)
            {
                var leaves = (taint.TimeAdded ?? now) + TimeSpan.FromSeconds(Math.Max(0, seconds));
                earliest = leaves < earliest || earliest is null ? leaves : earliest;
            }
        }

        return earliest;
    }

    public override async Task<Requeue> ReconcileAsync(NamespacedName key, CancellationToken cancellationToken)
    {
        if (_pods.Get(key) is not { Metadata.DeletionTimestamp: null, Spec.NodeName.Length: > 0 } pod
            || _nodes.Get("", pod.Spec.NodeName) is not { } node
            || LeavesAt(pod.Spec.Tolerations, node.Spec.Taints, _time.GetUtcNow()) is not { } leaves)
        {
            return Requeue.Never;
        }

        if (leaves - _time.GetUtcNow() is var wait && wait > TimeSpan.Zero)
        {
            return Requeue.In(wait);
        }

        await _client.MarkDisruptedAsync(
            pod, "DeletionByTaintManager", "Taint manager: deleting due to NoExecute taint", isLost: false, _time.GetUtcNow(), cancellationToken);
        _events.Normal(pod, "TaintManagerEviction", $"Marking for deletion Pod {key}");
        var options = DeleteOptions.Empty with { Preconditions = new Api.Meta.V1.Preconditions { Uid = pod.Metadata.Uid } };
        await _client.DeleteAsync<Pod>(key.Namespace, key.Name, options, cancellationToken);
        return Requeue.Never;
    }

    protected override void Subscribe()
    {
        _nodes.OnChange((old, current) =>
        {
            if (current is not null && HasNoExecute(current) && !Api.Json.KubeEquality.Equal(old?.Spec.Taints ?? [], current.Spec.Taints, (left, right) => left.Equals(right)))
            {
                foreach (var pod in _pods.ListOnNode(current.Metadata.Name))
                {
                    Queue.Add(NamespacedName.Of(pod));
                }
            }
        });
        _pods.OnChange((old, current) =>
        {
            if (current is { Spec.NodeName.Length: > 0 } && (old is null || !old.Spec.Equals(current.Spec))
                && _nodes.Get("", current.Spec.NodeName) is { } node && HasNoExecute(node))
            {
                Queue.Add(NamespacedName.Of(current));
            }
        });
    }

    private static bool HasNoExecute(V1Node node) => node.Spec.Taints.Any(taint => taint.Effect == TaintEffect.NoExecute);
}
