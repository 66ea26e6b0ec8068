using System.Collections.Concurrent;
using Coxswain.Api.Coordination.V1;
using Coxswain.Api.Core.V1;
using Coxswain.Api.Errors;
using Coxswain.Client;
using Coxswain.Client.Events;
using Coxswain.Client.Informers;
using Coxswain.Client.Reconcilers;
using ConditionStatus = Coxswain.Api.Core.V1.ConditionStatus;
using V1Node = Coxswain.Api.Core.V1.Node;

namespace Coxswain.Controllers.Nodes;

/// <summary>
/// Watches the nodes' Leases: a node that stops renewing gets its conditions set to Unknown, its pods are taken out of
/// service, and taints say so (https://kubernetes.io/docs/concepts/architecture/nodes/#node-controller). The taints that
/// evict pods are set one node after another, and not at all while every zone is silent.
/// </summary>
internal sealed class NodeLifecycleController : KeyedController
{
    private const string LeaseNamespace = "kube-node-lease";

    private readonly IKubeClient _client;
    private readonly TimeProvider _time;
    private readonly TimeSpan _grace;
    private readonly Informer<V1Node> _nodes;
    private readonly Informer<Lease> _leases;
    private readonly Informer<Pod> _pods;
    private readonly EventRecorder _events;

    // When a sign of life was last seen, by our monotonic clock: a node's own may be wrong, and the wall clock may be set.
    private readonly ConcurrentDictionary<string, long> _seen = new(StringComparer.Ordinal);

    // Guards what follows.
    private readonly Lock _lock = new();
    private readonly EvictionPace _pace;
    private ZoneStates _zones = ZoneStates.None;

    public NodeLifecycleController(ControllerContext context, TimeSpan grace)
        : base("node-controller", context)
    {
        _client = context.ClientFor("node-controller");
        _time = context.Time;
        _grace = grace;
        _nodes = context.Informers.Of<V1Node>();
        _leases = context.Informers.Of<Lease>(new InformerOptions(Namespace: LeaseNamespace));
        _pods = context.Informers.Of<Pod>().WithNodeNames();
        _events = context.Events.RecorderFor("node-controller");
        _pace = new EvictionPace(_time);
    }

    protected override IReadOnlyList<IInformer> Inputs => [_nodes, _leases, _pods];

    public override async Task<Requeue> ReconcileAsync(NamespacedName key, CancellationToken cancellationToken)
    {
        if (_nodes.Get(key) is not { } node)
        {
            _seen.TryRemove(key.Name, out _);
            return Requeue.Never;
        }

        var now = _time.GetUtcNow();
        var wait = _grace - _time.GetElapsedTime(_seen.GetOrAdd(key.Name, _time.GetTimestamp()));
        if (wait <= TimeSpan.Zero)
        {
            var silent = NodeHealth.Silent(node, now);
            if (!silent.Equals(node))
            {
                _events.Normal(node, "NodeNotReady", $"Node {node.Metadata.Name} status is now: NodeNotReady");
                node = await _client.UpdateStatusAsync(silent, cancellationToken);
            }
        }

        var (taints, turn) = TaintsOf(node, isSilent: wait <= TimeSpan.Zero, now);
        if (!taints.SequenceEqual(node.Spec.Taints))
        {
            node = await _client.UpdateAsync(node with { Spec = node.Spec with { Taints = taints } }, cancellationToken);
        }

        if (NodeHealth.ReadyStatus(node) is ConditionStatus.False or ConditionStatus.Unknown)
        {
            await MarkPodsNotReadyAsync(node.Metadata.Name, now, cancellationToken);
        }

        var next = wait > TimeSpan.Zero && (turn is null || wait < turn) ? wait : turn;
        return next is { } delay ? Requeue.In(delay) : Requeue.Never;
    }

    protected override void Subscribe()
    {
        _nodes.OnChange((old, current) =>
        {
            var node = current ?? old!;
            if (old is null || HeartbeatOf(old) != HeartbeatOf(node))
            {
                _seen[node.Metadata.Name] = _time.GetTimestamp();
            }

            Queue.Add(NamespacedName.Of(node));
            if (old is null || current is null || NodeHealth.ReadyStatus(old) != NodeHealth.ReadyStatus(current))
            {
                LookAtZones();
            }
        });
        _leases.OnChange((old, current) =>
        {
            // A renewal only sets the clock back; the check that is due finds it so. Only a node thought dead is looked at now.
            if (current is not null && (old is null || !Equals(old.Spec.RenewTime, current.Spec.RenewTime)))
            {
                _seen[current.Metadata.Name] = _time.GetTimestamp();
                if (_nodes.Get("", current.Metadata.Name) is { } node && NodeHealth.ReadyStatus(node) == ConditionStatus.Unknown)
                {
                    Queue.Add(NamespacedName.Of(node));
                }
            }
        });
    }

    private static DateTimeOffset? HeartbeatOf(V1Node node) =>
        node.Status.Conditions.FirstOrDefault(condition => condition.Type == NodeConditionType.Ready)?.LastHeartbeatTime;

    /// <summary>When evictions are to go on otherwise than before, every node is looked at again.</summary>
    private void LookAtZones()
    {
        lock (_lock)
        {
            var zones = ZoneStates.Of(_nodes.List());
            var before = _zones;
            _zones = zones;
            if (zones.MeansSameAs(before))
            {
                return;
            }

            foreach (var node in _nodes.List())
            {
                // After we were blind every node gets its whole time again to be heard.
                if (before.AllDisrupted)
                {
                    _seen[node.Metadata.Name] = _time.GetTimestamp();
                }

                Queue.Add(NamespacedName.Of(node));
            }
        }
    }

    /// <summary>The taints the node is to have now, and when it may be its turn for those that it must wait for.</summary>
    private (IReadOnlyList<Taint> Taints, TimeSpan? Turn) TaintsOf(V1Node node, bool isSilent, DateTimeOffset now)
    {
        var all = NodeHealth.Taints(node, now);
        var added = all.Where(taint => NodeHealth.Evicts(taint) && !node.Spec.Taints.Any(NodeHealth.Evicts)).ToList();
        lock (_lock)
        {
            if (_zones.AllDisrupted)
            {
                return ([.. all.Where(taint => !NodeHealth.Evicts(taint))], null);
            }

            if (added.Count == 0)
            {
                return (all, null);
            }

            if (!isSilent && NodeHealth.ReadyStatus(node) == ConditionStatus.Unknown)
            {
                // Heard a moment ago, or not long enough ago since we could hear at all.
                return ([.. all.Except(added)], null);
            }

            var zone = ZoneStates.ZoneOf(node);
            var turn = _zones.IntervalOf(zone) is { } interval ? _pace.Take(zone, interval) : (TimeSpan?)null;
            return turn == TimeSpan.Zero ? (all, null) : ([.. all.Except(added)], turn);
        }
    }

    /// <summary>Services must not send requests to a node that may be gone.</summary>
    private async Task MarkPodsNotReadyAsync(string nodeName, DateTimeOffset now, CancellationToken cancellationToken)
    {
        foreach (var pod in _pods.ListOnNode(nodeName).Where(PodConditions.IsReady))
        {
            var conditions = pod.Status.Conditions.Select(condition =>
                condition.Type == PodConditionType.Ready ? condition with { Status = ConditionStatus.False, LastTransitionTime = now } : condition);
            try
            {
                await _client.UpdateStatusAsync(pod with { Status = pod.Status with { Conditions = [.. conditions] } }, cancellationToken);
                _events.Warning(pod, "NodeNotReady", "Node is not ready");
            }
            catch (KubeStatusException exception) when (exception.IsNotFound)
            {
                // Deleted meanwhile.
            }
        }
    }
}
