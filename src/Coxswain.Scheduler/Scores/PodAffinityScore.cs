namespace Coxswain.Scheduler.Scores;

/// <summary>The pod's preferred affinity and anti-affinity to other pods.</summary>
internal static class PodAffinityScore
{
    public static NodeScore? Prepare(ScheduledPod pod, ClusterSnapshot snapshot, IReadOnlyList<NodeInfo> feasible)
    {
        var terms = (pod.Pod.Spec.Affinity?.PodAffinity?.PreferredDuringSchedulingIgnoredDuringExecution ?? [])
            .Select(item => (Term: AffinityTerm.Of(item.PodAffinityTerm, pod.Pod, snapshot), item.Weight))
            .Concat((pod.Pod.Spec.Affinity?.PodAntiAffinity?.PreferredDuringSchedulingIgnoredDuringExecution ?? [])
                .Select(item => (Term: AffinityTerm.Of(item.PodAffinityTerm, pod.Pod, snapshot), Weight: -item.Weight)))
            .Select(item => (item.Term.TopologyKey, item.Weight, Counts: item.Term.CountByDomain(snapshot)))
            .ToList();
        if (terms.Count == 0)
        {
            return null;
        }

        double Sum(NodeInfo node) => terms.Sum(item =>
            node.Node.Metadata.Labels.TryGetValue(item.TopologyKey, out var domain) ? (double)item.Weight * item.Counts.GetValueOrDefault(domain) : 0);
        var most = feasible.Max(Sum);
        var least = feasible.Min(Sum);
        return most <= least ? null : node => 100 * (Sum(node) - least) / (most - least);
    }
}
