using Coxswain.Scheduler.Filters;

namespace Coxswain.Scheduler.Cycle;

/// <summary>The filters of kube-scheduler's default profile, in its order and words, prepared for one pod.</summary>
internal sealed class Feasibility
{
    private static readonly PrepareFilter[] OfNode = [NodeFilters.Unschedulable, NodeFilters.NodeName, TaintFilter.Prepare, NodeFilters.Affinity];

    /// <summary>Those that depend on which pods there are: what one refuses, other pods' going may allow.</summary>
    private static readonly PrepareFilter[] OfPods =
        [HostPortsFilter.Prepare, ResourcesFilter.Prepare, TopologySpreadFilter.Prepare, PodAffinityFilter.Prepare];

    private readonly List<NodeFilter> _fixed;
    private readonly List<NodeFilter> _byPods;
    private readonly NodeFilter? _volumes;

    private Feasibility(List<NodeFilter> @fixed, List<NodeFilter> byPods, NodeFilter? volumes) => (_fixed, _byPods, _volumes) = (@fixed, byPods, volumes);

    public static Feasibility For(ScheduledPod pod, ClusterSnapshot snapshot, VolumeNeeds volumes) => new(
        [.. OfNode.Select(prepare => prepare(pod, snapshot)).OfType<NodeFilter>()],
        [.. OfPods.Select(prepare => prepare(pod, snapshot)).OfType<NodeFilter>()],
        VolumesFilter.Prepare(volumes));

    /// <summary>Why the node cannot take the pod; empty when it can.</summary>
    public IReadOnlyList<string> Refusal(NodeInfo node)
    {
        var first = FirstOf(_fixed, node);
        first = first.Count > 0 ? first : FirstOf(_byPods, node);
        return first.Count > 0 || _volumes is null ? first : _volumes(node);
    }

    /// <summary>Whether no pod's going would help.</summary>
    public bool IsOutOfQuestion(NodeInfo node) => FirstOf(_fixed, node).Count > 0 || _volumes?.Invoke(node).Count > 0;

    private static IReadOnlyList<string> FirstOf(List<NodeFilter> filters, NodeInfo node)
    {
        foreach (var filter in filters)
        {
            if (filter(node) is { Count: > 0 } refusal)
            {
                return refusal;
            }
        }

        return [];
    }
}
