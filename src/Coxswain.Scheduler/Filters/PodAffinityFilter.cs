namespace Coxswain.Scheduler.Filters;

/// <summary>Required affinity and anti-affinity between pods, the incoming pod's and that of pods already placed.</summary>
internal static class PodAffinityFilter
{
    private static readonly string[] NotNear = ["node(s) didn't match pod affinity rules"];
    private static readonly string[] TooNear = ["node(s) didn't match pod anti-affinity rules"];
    private static readonly string[] Unwanted = ["node(s) didn't satisfy existing pods anti-affinity rules"];

    public static NodeFilter? Prepare(ScheduledPod pod, ClusterSnapshot snapshot)
    {
        var near = (pod.Pod.Spec.Affinity?.PodAffinity?.RequiredDuringSchedulingIgnoredDuringExecution ?? [])
            .Select(term => AffinityTerm.Of(term, pod.Pod, snapshot)).Select(term => (Term: term, Counts: term.CountByDomain(snapshot))).ToList();
        var apart = (pod.Pod.Spec.Affinity?.PodAntiAffinity?.RequiredDuringSchedulingIgnoredDuringExecution ?? [])
            .Select(term => AffinityTerm.Of(term, pod.Pod, snapshot)).Select(term => (Term: term, Counts: term.CountByDomain(snapshot))).ToList();
        var avoided = DomainsThatAvoid(pod, snapshot);
        if (near.Count == 0 && apart.Count == 0 && avoided.Count == 0)
        {
            return null;
        }

        // The first pod of a group that wants to be near itself has nobody to be near to yet.
        var isFirst = near.Count > 0 && near.TrueForAll(item => item.Counts.Values.All(count => count == 0) && item.Term.Matches(pod.Pod));
        return node =>
        {
            var labels = node.Node.Metadata.Labels;
            if (!near.TrueForAll(item => labels.TryGetValue(item.Term.TopologyKey, out var domain) && (isFirst || item.Counts.GetValueOrDefault(domain) > 0)))
            {
                return NotNear;
            }

            if (apart.Exists(item => labels.TryGetValue(item.Term.TopologyKey, out var domain) && item.Counts.GetValueOrDefault(domain) > 0))
            {
                return TooNear;
            }

            return avoided.Any(item => labels.TryGetValue(item.Key, out var domain) && domain == item.Domain) ? Unwanted : [];
        };
    }

    private static HashSet<(string Key, string Domain)> DomainsThatAvoid(ScheduledPod pod, ClusterSnapshot snapshot)
    {
        var domains = new HashSet<(string, string)>();
        foreach (var node in snapshot.Nodes.Values)
        {
            foreach (var other in node.Pods.Values)
            {
                foreach (var term in other.Pod.Spec.Affinity?.PodAntiAffinity?.RequiredDuringSchedulingIgnoredDuringExecution ?? [])
                {
                    if (node.Node.Metadata.Labels.TryGetValue(term.TopologyKey, out var domain) && AffinityTerm.Of(term, other.Pod, snapshot).Matches(pod.Pod))
                    {
                        domains.Add((term.TopologyKey, domain));
                    }
                }
            }
        }

        return domains;
    }
}
