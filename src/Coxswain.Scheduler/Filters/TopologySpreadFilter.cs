using Coxswain.Api.Core.V1;
using LabelSelector = Coxswain.Api.Selectors.LabelSelector;

namespace Coxswain.Scheduler.Filters;

/// <summary>The pod's topology spread constraints that must be kept (<c>DoNotSchedule</c>).</summary>
internal static class TopologySpreadFilter
{
    private static readonly string[] Skewed = ["node(s) didn't match pod topology spread constraints"];
    private static readonly string[] Unlabelled = ["node(s) didn't match pod topology spread constraints (missing required label)"];

    public static NodeFilter? Prepare(ScheduledPod pod, ClusterSnapshot snapshot)
    {
        var hard = pod.Pod.Spec.TopologySpreadConstraints
            .Where(constraint => constraint.WhenUnsatisfiable != UnsatisfiableConstraintAction.ScheduleAnyway)
            .Select(constraint => Domains.Of(constraint, pod.Pod, snapshot))
            .ToList();
        if (hard.Count == 0)
        {
            return null;
        }

        return node =>
        {
            foreach (var domains in hard)
            {
                if (!node.Node.Metadata.Labels.TryGetValue(domains.Constraint.TopologyKey, out var domain))
                {
                    return Unlabelled;
                }

                if (domains.SkewWith(domain) > domains.Constraint.MaxSkew)
                {
                    return Skewed;
                }
            }

            return [];
        };
    }

    /// <summary>How many matching pods each domain of one constraint has.</summary>
    private sealed record Domains(TopologySpreadConstraint Constraint, Dictionary<string, int> Counts, bool CountsItself)
    {
        public static Domains Of(TopologySpreadConstraint constraint, Pod pod, ClusterSnapshot snapshot)
        {
            var selector = SelectorOf(constraint, pod);
            var counts = new Dictionary<string, int>(StringComparer.Ordinal);
            foreach (var node in snapshot.Nodes.Values)
            {
                // By default (nodeAffinityPolicy: Honor) only nodes the pod may use make up the domains.
                if (!node.Node.Metadata.Labels.TryGetValue(constraint.TopologyKey, out var domain)
                    || (constraint.NodeAffinityPolicy != NodeInclusionPolicy.Ignore && !NodeSelection.Matches(pod.Spec, node.Node)))
                {
                    continue;
                }

                counts[domain] = counts.GetValueOrDefault(domain) + node.Pods.Values.Count(other =>
                    other.Pod.Metadata.Namespace == pod.Metadata.Namespace
                    && other.Pod.Metadata.DeletionTimestamp is null
                    && selector.Matches(other.Pod.Metadata.Labels));
            }

            return new Domains(constraint, counts, selector.Matches(pod.Metadata.Labels));
        }

        public int SkewWith(string domain)
        {
            var least = Counts.Count < (Constraint.MinDomains ?? 1) || Counts.Count == 0 ? 0 : Counts.Values.Min();
            return Counts.GetValueOrDefault(domain) + (CountsItself ? 1 : 0) - least;
        }

        private static LabelSelector SelectorOf(TopologySpreadConstraint constraint, Pod pod)
        {
            var selector = LabelSelector.From(constraint.LabelSelector);
            var sameKeys = constraint.MatchLabelKeys.Where(pod.Metadata.Labels.ContainsKey).ToDictionary(key => key, key => pod.Metadata.Labels[key]);
            return sameKeys.Count == 0 ? selector : LabelSelector.From([.. selector.Requirements, .. LabelSelector.From(sameKeys).Requirements]);
        }
    }
}
