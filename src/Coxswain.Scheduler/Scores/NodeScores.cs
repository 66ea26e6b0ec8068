using Coxswain.Api.Core.V1;

namespace Coxswain.Scheduler.Scores;

/// <summary>Scores over what a pod would rather have of the node object.</summary>
internal static class NodeScores
{
    /// <summary>The fewer PreferNoSchedule taints the pod does not tolerate, the better.</summary>
    public static NodeScore? PreferredTaints(ScheduledPod pod, ClusterSnapshot snapshot, IReadOnlyList<NodeInfo> feasible)
    {
        int Count(NodeInfo node) => node.Node.Spec.Taints.Count(taint =>
            taint.Effect == TaintEffect.PreferNoSchedule && !Tolerations.Tolerate(pod.Pod.Spec.Tolerations, taint));
        var most = feasible.Max(Count);
        return most == 0 ? null : node => 100.0 * (most - Count(node)) / most;
    }

    /// <summary>The more (by weight) of its preferred node affinity the node meets, the better.</summary>
    public static NodeScore? PreferredAffinity(ScheduledPod pod, ClusterSnapshot snapshot, IReadOnlyList<NodeInfo> feasible)
    {
        var preferred = pod.Pod.Spec.Affinity?.NodeAffinity?.PreferredDuringSchedulingIgnoredDuringExecution ?? [];
        int Sum(NodeInfo node) => preferred.Where(term => NodeSelection.Matches(term.Preference, node.Node)).Sum(term => term.Weight);
        var most = preferred.Count == 0 ? 0 : feasible.Max(Sum);
        return most == 0 ? null : node => 100.0 * Sum(node) / most;
    }
}
