using Coxswain.Api.Core.V1;

namespace Coxswain.Scheduler.Cycle;

/// <summary>
/// Finds the node on which the fewest and least important pods would have to go to make room for one that matters more
/// (https://kubernetes.io/docs/concepts/scheduling-eviction/pod-priority-preemption/). Pure.
/// </summary>
public static class Preemptor
{
    /// <summary>So many nodes at most are looked at closely. As in Kubernetes.</summary>
    private const int MaxCandidates = 100;

    /// <param name="budgets">Those of the pod's cluster: pods they cover go only where nothing else helps.</param>
    public static PreemptionVerdict Find(Pod pod, ClusterSnapshot snapshot, VolumeNeeds volumes, IReadOnlyList<VictimBudget> budgets)
    {
        var incoming = ScheduledPod.Of(pod);
        var before = Feasibility.For(incoming, snapshot, volumes);
        var priority = PriorityOf(pod);
        var candidates = new List<Candidate>();
        var (unhelpful, hopeless) = (0, 0);
        foreach (var node in snapshot.Nodes.Values)
        {
            if (volumes.Refusal is not null || before.IsOutOfQuestion(node))
            {
                unhelpful++;
            }
            else if (candidates.Count < MaxCandidates && VictimsOn(node, incoming, snapshot, volumes, budgets, priority) is { } candidate)
            {
                candidates.Add(candidate);
            }
            else
            {
                hopeless++;
            }
        }

        if (candidates.Count == 0)
        {
            return new PreemptionVerdict.Nothing(snapshot.Nodes.Count, unhelpful, hopeless);
        }

        var best = candidates.OrderBy(candidate => candidate.Violations)
            .ThenBy(candidate => candidate.Victims.Max(PriorityOf))
            .ThenBy(candidate => candidate.Victims.Sum(victim => PriorityOf(victim) + (1L << 31)))
            .ThenBy(candidate => candidate.Victims.Count)
            .ThenByDescending(candidate => candidate.Victims.Where(victim => PriorityOf(victim) == candidate.Victims.Max(PriorityOf)).Min(StartOf))
            .ThenBy(candidate => candidate.NodeName, StringComparer.Ordinal).First();
        return new PreemptionVerdict.Victims(best.NodeName, best.Victims);
    }

    public static int PriorityOf(Pod pod) => pod.Spec.Priority ?? 0;

    private static Candidate? VictimsOn(
        NodeInfo node, ScheduledPod incoming, ClusterSnapshot snapshot, VolumeNeeds volumes, IReadOnlyList<VictimBudget> budgets, int priority)
    {
        var lower = node.Pods.Values.Select(other => other.Pod).Where(other => PriorityOf(other) < priority).ToList();
        if (lower.Count == 0)
        {
            return null;
        }

        foreach (var other in lower)
        {
            snapshot = snapshot.RemovePod(other.Metadata.Uid, node.Name);
        }

        if (!Fits(node.Name, incoming, snapshot, volumes))
        {
            return null;
        }

        // The most important ones get their place back first, of those whose budgets would be broken before the others.
        var violating = Violating(lower, budgets);
        var victims = new List<Pod>();
        foreach (var other in lower.OrderByDescending(violating.Contains).ThenByDescending(PriorityOf).ThenBy(StartOf)
            .ThenBy(other => other.Metadata.Uid, StringComparer.Ordinal))
        {
            var with = snapshot.SetPod(other, node.Name);
            if (Fits(node.Name, incoming, with, volumes))
            {
                snapshot = with;
            }
            else
            {
                victims.Add(other);
            }
        }

        return victims.Count == 0 ? null : new Candidate(node.Name, victims, victims.Count(violating.Contains));
    }

    private static bool Fits(string nodeName, ScheduledPod incoming, ClusterSnapshot snapshot, VolumeNeeds volumes) =>
        Feasibility.For(incoming, snapshot, volumes).Refusal(snapshot.Nodes[nodeName]).Count == 0;

    /// <summary>The pods whose going a budget does not allow, counting those that go before them.</summary>
    private static HashSet<Pod> Violating(List<Pod> pods, IReadOnlyList<VictimBudget> budgets)
    {
        var left = budgets.Select(budget => budget.Allowed).ToArray();
        var violating = new HashSet<Pod>(ReferenceEqualityComparer.Instance);
        foreach (var pod in pods.OrderByDescending(PriorityOf))
        {
            for (var i = 0; i < left.Length; i++)
            {
                if (budgets[i].Covers(pod) && --left[i] < 0)
                {
                    violating.Add(pod);
                }
            }
        }

        return violating;
    }

    private static DateTimeOffset StartOf(Pod pod) => pod.Status.StartTime ?? pod.Metadata.CreationTimestamp ?? DateTimeOffset.MaxValue;

    private sealed record Candidate(string NodeName, IReadOnlyList<Pod> Victims, int Violations);
}
