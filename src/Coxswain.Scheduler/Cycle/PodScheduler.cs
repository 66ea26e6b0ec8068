using Coxswain.Api.Core.V1;
using Coxswain.Scheduler.Scores;

namespace Coxswain.Scheduler.Cycle;

/// <summary>
/// Places one pod: filters the nodes that can take it, scores those, and takes the best. Pure but for
/// <paramref name="random"/>, which decides between equals.
/// </summary>
/// <remarks>The weights of the scores are those of kube-scheduler's default profile.</remarks>
public sealed class PodScheduler(Random random)
{
    private static readonly (PrepareScore Score, int Weight)[] Scores =
    [
        (ResourceScores.LeastAllocated, 1),
        (ResourceScores.Balanced, 1),
        (NodeScores.PreferredTaints, 3),
        (NodeScores.PreferredAffinity, 2),
        (SpreadScore.Prepare, 2),
        (PodAffinityScore.Prepare, 2),
        (ImageLocalityScore.Prepare, 1),
    ];

    public Placement Schedule(Pod pod, ClusterSnapshot snapshot, VolumeNeeds? volumes = null)
    {
        volumes ??= VolumeNeeds.None;
        if (volumes.Refusal is { } refusal)
        {
            return new Placement.Unschedulable(snapshot.Nodes.Count, new Dictionary<string, int>()) { Refusal = refusal };
        }

        var incoming = ScheduledPod.Of(pod);
        var feasible = Filter(incoming, snapshot, volumes, out var reasons);
        return feasible.Count switch
        {
            0 => new Placement.Unschedulable(snapshot.Nodes.Count, reasons),
            1 => new Placement.Placed(feasible[0].Name),
            _ => new Placement.Placed(Best(incoming, snapshot, feasible).Name),
        };
    }

    private static List<NodeInfo> Filter(
        ScheduledPod pod, ClusterSnapshot snapshot, VolumeNeeds volumes, out Dictionary<string, int> reasons)
    {
        var feasibility = Feasibility.For(pod, snapshot, volumes);
        var feasible = new List<NodeInfo>();
        reasons = new Dictionary<string, int>(StringComparer.Ordinal);
        foreach (var node in snapshot.Nodes.Values)
        {
            var refusal = feasibility.Refusal(node);
            if (refusal.Count == 0)
            {
                feasible.Add(node);
                continue;
            }

            foreach (var reason in refusal)
            {
                reasons[reason] = reasons.GetValueOrDefault(reason) + 1;
            }
        }

        return feasible;
    }

    private NodeInfo Best(ScheduledPod pod, ClusterSnapshot snapshot, List<NodeInfo> feasible)
    {
        var totals = new double[feasible.Count];
        foreach (var (prepare, weight) in Scores)
        {
            if (prepare(pod, snapshot, feasible) is { } score)
            {
                for (var i = 0; i < totals.Length; i++)
                {
                    totals[i] += weight * Math.Floor(score(feasible[i]));
                }
            }
        }

        var best = totals.Max();
        var equals = feasible.Where((_, i) => totals[i] == best).ToList();
        lock (random)
        {
            return equals[random.Next(equals.Count)];
        }
    }
}
