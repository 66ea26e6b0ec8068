using Coxswain.Api.Core.V1;

namespace Coxswain.Controllers.StatefulSets;

/// <summary>
/// The next step of a StatefulSet (https://kubernetes.io/docs/concepts/workloads/controllers/statefulset/): one pod after
/// the other in the order of their ordinals, unless the set says that all may change at once. Pure.
/// </summary>
/// <param name="Create">Ordinals that have no pod.</param>
/// <param name="Replace">Pods that have ended, and are made anew under the same name.</param>
/// <param name="Condemn">Pods beyond the number asked for.</param>
/// <param name="Update">Pods of an old revision.</param>
/// <param name="Recheck">When a ready pod becomes available and the next may follow; null when none is waited for.</param>
internal sealed record StatefulSetPlan(
    IReadOnlyList<int> Create, IReadOnlyList<Pod> Replace, IReadOnlyList<Pod> Condemn, IReadOnlyList<Pod> Update, TimeSpan? Recheck)
{
    /// <summary>At most so many pods are made at once; the rest follows.</summary>
    private const int MaxBurst = 500;

    public static StatefulSetPlan Compute(StatefulSetState state, DateTimeOffset now)
    {
        var recheck = state.NextAvailable(now);
        var (create, replace) = (new List<int>(), new List<Pod>());
        foreach (var ordinal in state.Ordinals)
        {
            var pod = state.PodAt(ordinal);
            if (pod is null)
            {
                create.Add(ordinal);
            }
            else if (pod.Metadata.DeletionTimestamp is null && pod.IsFinished())
            {
                replace.Add(pod);
            }
            else if (state.IsHealthy(pod, now))
            {
                continue;
            }
            else if (state.IsOrdered && pod.Metadata.DeletionTimestamp is null && !pod.IsReady() && state.IsGivenUp(ordinal, pod))
            {
                // A revision that never becomes ready must not stand in the way of the one that mends it.
                return new StatefulSetPlan([], [], [], [pod], recheck);
            }

            if (state.IsOrdered || create.Count == MaxBurst)
            {
                return new StatefulSetPlan(create, replace, [], [], recheck);
            }
        }

        return new StatefulSetPlan(
            create, replace, Condemned(state, now), state.IsBlockedByCondemned ? [] : Outdated(state, now), recheck);
    }

    /// <summary>Highest first; in order, each waits for the one before to be gone, and for those below to be well.</summary>
    private static List<Pod> Condemned(StatefulSetState state, DateTimeOffset now)
    {
        var condemned = state.Condemned;
        if (!state.IsOrdered)
        {
            return [.. condemned.Where(pod => pod.Metadata.DeletionTimestamp is null)];
        }

        if (condemned.Count == 0 || condemned[0].Metadata.DeletionTimestamp is not null)
        {
            return [];
        }

        var firstUnhealthy = condemned.Reverse().FirstOrDefault(pod => !state.IsHealthy(pod, now));
        return condemned[0].IsReady() || condemned[0] == firstUnhealthy ? [condemned[0]] : [];
    }

    /// <summary>The highest first, as many at once as may be unavailable.</summary>
    private static List<Pod> Outdated(StatefulSetState state, DateTimeOffset now)
    {
        if (!state.IsRollingUpdate)
        {
            return [];
        }

        var candidates = state.Ordinals.Where(ordinal => ordinal >= state.FirstUpdated).Reverse().ToList();
        var budget = state.MaxUnavailable - candidates.Count(ordinal => state.PodAt(ordinal) is not { } pod || !state.IsHealthy(pod, now));
        var update = new List<Pod>();
        foreach (var pod in candidates.Select(state.PodAt).OfType<Pod>())
        {
            if (pod.Metadata.DeletionTimestamp is not null || StatefulPods.RevisionOf(pod) == state.UpdateRevision)
            {
                continue;
            }

            if (!state.IsHealthy(pod, now))
            {
                update.Add(pod);
            }
            else if (budget-- > 0)
            {
                update.Add(pod);
            }
        }

        return update;
    }
}
