using Coxswain.Api.Core.V1;
using ConditionStatus = Coxswain.Api.Core.V1.ConditionStatus;
using V1Node = Coxswain.Api.Core.V1.Node;

namespace Coxswain.Controllers.Nodes;

/// <summary>What a node's silence and its conditions mean for its conditions and taints. Pure.</summary>
internal static class NodeHealth
{
    public const string NotReady = "node.kubernetes.io/not-ready";
    public const string Unreachable = "node.kubernetes.io/unreachable";
    private const string Unschedulable = "node.kubernetes.io/unschedulable";

    private static readonly string[] HeartbeatConditions =
        [NodeConditionType.Ready, NodeConditionType.MemoryPressure, NodeConditionType.DiskPressure, NodeConditionType.PIDPressure];

    private static readonly (string Condition, string Taint)[] Pressures =
    [
        (NodeConditionType.MemoryPressure, "node.kubernetes.io/memory-pressure"),
        (NodeConditionType.DiskPressure, "node.kubernetes.io/disk-pressure"),
        (NodeConditionType.PIDPressure, "node.kubernetes.io/pid-pressure"),
        (NodeConditionType.NetworkUnavailable, "node.kubernetes.io/network-unavailable"),
    ];

    private static readonly HashSet<string> Managed = [NotReady, Unreachable, Unschedulable, .. Pressures.Select(pressure => pressure.Taint)];

    /// <summary>The node has stopped posting: nothing it said before can be relied on.</summary>
    public static V1Node Silent(V1Node node, DateTimeOffset now)
    {
        var conditions = node.Status.Conditions.ToList();
        foreach (var type in HeartbeatConditions)
        {
            var at = conditions.FindIndex(condition => condition.Type == type);
            var known = at < 0 ? null : conditions[at];
            if (known?.Status == ConditionStatus.Unknown)
            {
                continue;
            }

            var unknown = (known ?? new NodeCondition { Type = type }) with
            {
                Status = ConditionStatus.Unknown,
                Reason = known is null ? "NodeStatusNeverUpdated" : "NodeStatusUnknown",
                Message = known is null ? "Kubelet never posted node status." : "Kubelet stopped posting node status.",
                LastTransitionTime = now,
            };
            if (at < 0)
            {
                conditions.Add(unknown);
            }
            else
            {
                conditions[at] = unknown;
            }
        }

        return node with { Status = node.Status with { Conditions = conditions } };
    }

    /// <summary>Whether this taint of ours makes pods leave the node.</summary>
    public static bool Evicts(Taint taint) => taint.Key is NotReady or Unreachable && taint.Effect == TaintEffect.NoExecute;

    /// <summary>Null for a node that has never said.</summary>
    public static string? ReadyStatus(V1Node node) =>
        node.Status.Conditions.FirstOrDefault(condition => condition.Type == NodeConditionType.Ready)?.Status;

    /// <summary>The node's taints: those of others as they are, and the managed ones as its conditions ask.</summary>
    public static IReadOnlyList<Taint> Taints(V1Node node, DateTimeOffset now)
    {
        var wanted = new List<Taint>();
        switch (ReadyStatus(node))
        {
            case ConditionStatus.False:
                wanted.Add(new Taint { Key = NotReady, Effect = TaintEffect.NoSchedule });
                wanted.Add(new Taint { Key = NotReady, Effect = TaintEffect.NoExecute });
                break;
            case null:
                // Registered a moment ago: it may not take pods yet, but nothing says that it is gone.
                wanted.Add(new Taint { Key = NotReady, Effect = TaintEffect.NoSchedule });
                break;
            case ConditionStatus.Unknown:
                wanted.Add(new Taint { Key = Unreachable, Effect = TaintEffect.NoSchedule });
                wanted.Add(new Taint { Key = Unreachable, Effect = TaintEffect.NoExecute });
                break;
        }

        if (node.Spec.Unschedulable)
        {
            wanted.Add(new Taint { Key = Unschedulable, Effect = TaintEffect.NoSchedule });
        }

        foreach (var (condition, taint) in Pressures)
        {
            if (node.Status.Conditions.Any(known => known.Type == condition && known.Status == ConditionStatus.True))
            {
                wanted.Add(new Taint { Key = taint, Effect = TaintEffect.NoSchedule });
            }
        }

        // A taint that stays keeps its time: tolerations count from when it was added.
        Taint Keep(Taint taint) => node.Spec.Taints.FirstOrDefault(known => known.Key == taint.Key && known.Effect == taint.Effect) ?? taint with { TimeAdded = now };
        return [.. node.Spec.Taints.Where(taint => !Managed.Contains(taint.Key)), .. wanted.Select(Keep)];
    }
}
