using Coxswain.Api.Core.V1;
using LabelSelector = Coxswain.Api.Selectors.LabelSelector;

namespace Coxswain.Scheduler.Scores;

/// <summary>
/// Spreads pods softly: by the pod's own <c>ScheduleAnyway</c> constraints, and without any, the pods of one controller
/// over nodes and zones.
/// </summary>
internal static class SpreadScore
{
    private const string Hostname = "kubernetes.io/hostname";
    private const string Zone = "topology.kubernetes.io/zone";

    public static NodeScore? Prepare(ScheduledPod pod, ClusterSnapshot snapshot, IReadOnlyList<NodeInfo> feasible)
    {
        var counts = Rules(pod.Pod).Select(rule => (rule.Key, Counts: CountByDomain(rule, pod.Pod, snapshot))).ToList();
        if (counts.Count == 0)
        {
            return null;
        }

        double Crowd(NodeInfo node) => counts.Sum(item => item.Counts.GetValueOrDefault(DomainOf(node, item.Key) ?? ""));
        var most = feasible.Max(Crowd);
        var least = feasible.Min(Crowd);
        return most == 0 ? null : node => 100 * (most + least - Crowd(node)) / most;
    }

    private static List<Rule> Rules(Pod pod)
    {
        if (pod.Spec.TopologySpreadConstraints.Count > 0)
        {
            return [.. pod.Spec.TopologySpreadConstraints
                .Where(constraint => constraint.WhenUnsatisfiable == UnsatisfiableConstraintAction.ScheduleAnyway)
                .Select(constraint => (constraint.TopologyKey, Selector: LabelSelector.From(constraint.LabelSelector)))
                .Select(item => new Rule(item.TopologyKey, other => item.Selector.Matches(other.Metadata.Labels)))];
        }

        var controller = pod.Metadata.OwnerReferences.FirstOrDefault(owner => owner.Controller == true)?.Uid;
        bool IsSibling(Pod other) => other.Metadata.OwnerReferences.Any(owner => owner.Controller == true && owner.Uid == controller);
        return controller is null ? [] : [new Rule(Hostname, IsSibling), new Rule(Zone, IsSibling)];
    }

    private static Dictionary<string, int> CountByDomain(Rule rule, Pod pod, ClusterSnapshot snapshot)
    {
        var counts = new Dictionary<string, int>(StringComparer.Ordinal);
        foreach (var node in snapshot.Nodes.Values)
        {
            if (DomainOf(node, rule.Key) is { } domain)
            {
                counts[domain] = counts.GetValueOrDefault(domain) + node.Pods.Values.Count(other =>
                    other.Pod.Metadata.Namespace == pod.Metadata.Namespace && other.Pod.Metadata.DeletionTimestamp is null && rule.Counts(other.Pod));
            }
        }

        return counts;
    }

    /// <summary>A node that never got its hostname label is still a domain of its own.</summary>
    private static string? DomainOf(NodeInfo node, string key) =>
        node.Node.Metadata.Labels.GetValueOrDefault(key) ?? (key == Hostname ? node.Name : null);

    private sealed record Rule(string Key, Func<Pod, bool> Counts);
}
