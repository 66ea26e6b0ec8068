using Coxswain.Api.Batch.V1;
using Coxswain.Api.Core.V1;
using Coxswain.Controllers.Pods;

namespace Coxswain.Controllers.Batch;

/// <summary>Which pods a Job that goes on makes or deletes now. Pure.</summary>
/// <param name="Wait">When to look again because a failed pod is not to be replaced yet; null when nothing waits.</param>
internal sealed record JobReplicas(IReadOnlyList<WantedPod> Create, IReadOnlyList<Pod> Delete, TimeSpan? Wait)
{
    /// <summary>At most so many changes at once; the rest follows when these have been seen. As in Kubernetes.</summary>
    private const int MaxBurst = 500;

    public static readonly JobReplicas Nothing = new([], [], null);

    /// <param name="pods">All of the Job's.</param>
    public static JobReplicas Plan(Job job, JobAccount account, IReadOnlyList<Pod> pods, DateTimeOffset now)
    {
        var active = pods.Where(PodConditions.IsActive).ToList();
        if (job.Spec.Suspend == true)
        {
            return new JobReplicas([], [.. active.Take(MaxBurst)], null);
        }

        var parallelism = job.Spec.Parallelism ?? 1;
        var wanted = job.Spec.Completions switch
        {
            // A queue of work: once one has found it empty, the others are left to end.
            null => account.Succeeded > 0 ? active.Count : parallelism,
            { } completions => Math.Max(0, Math.Min(parallelism, completions - account.Succeeded - account.FailedIndexes.Count)),
        };
        var surplus = Surplus(account, active, wanted, now);
        if (surplus.Count > 0)
        {
            return new JobReplicas([], [.. surplus.Take(MaxBurst)], null);
        }

        // Pods that are still ending hold their place, where only ended ones are replaced.
        var ending = job.Spec.PodReplacementPolicy == PodReplacementPolicy.Failed
            ? pods.Count(pod => pod.Metadata.DeletionTimestamp is not null && !pod.IsFinished()) : 0;
        var missing = Math.Min(wanted - active.Count - ending, MaxBurst);
        return missing <= 0 ? Nothing
            : account.IsIndexed ? Indexed(job, account, pods, missing, now)
            : JobBackOff.Remaining(pods, now) is var wait && wait > TimeSpan.Zero ? Nothing with { Wait = wait }
            : new JobReplicas([.. Enumerable.Repeat(new WantedPod(null), missing)], [], null);
    }

    private static List<Pod> Surplus(JobAccount account, List<Pod> active, int wanted, DateTimeOffset now)
    {
        var surplus = new List<Pod>();
        if (account.IsIndexed)
        {
            var seen = new HashSet<int>();
            foreach (var pod in active.OrderBy(pod => pod.Metadata.CreationTimestamp).ThenBy(pod => pod.Metadata.Name, StringComparer.Ordinal))
            {
                if (JobPods.IndexOf(pod) is not { } index || index >= account.Completions
                    || account.CompletedIndexes.Contains(index) || account.FailedIndexes.Contains(index) || !seen.Add(index))
                {
                    surplus.Add(pod);
                }
            }
        }

        var rest = active.Count - surplus.Count - wanted;
        if (rest > 0)
        {
            surplus.AddRange(PodDeletionOrder.Sort(active.Except(surplus), new Dictionary<string, int>(), now).Take(rest));
        }

        return surplus;
    }

    private static JobReplicas Indexed(Job job, JobAccount account, IReadOnlyList<Pod> pods, int missing, DateTimeOffset now)
    {
        var isPerIndex = job.Spec.BackoffLimitPerIndex is not null;
        if (!isPerIndex && JobBackOff.Remaining(pods, now) is var all && all > TimeSpan.Zero)
        {
            return Nothing with { Wait = all };
        }

        var ofIndex = pods.Where(pod => JobPods.IndexOf(pod) is not null).ToLookup(pod => JobPods.IndexOf(pod)!.Value);
        var create = new List<WantedPod>();
        TimeSpan? wait = null;
        for (var index = account.NextIndex(0); index < account.Completions && create.Count < missing; index = account.NextIndex(index + 1))
        {
            if (ofIndex[index].Any(pod => Holds(job, pod)))
            {
                continue;
            }

            var last = !isPerIndex ? null : ofIndex[index]
                .OrderBy(pod => JobPods.FailuresBefore(pod) + JobPods.IgnoredFailuresBefore(pod))
                .ThenBy(pod => pod.Metadata.Uid, StringComparer.Ordinal).LastOrDefault();
            if (last is null)
            {
                create.Add(new WantedPod(index));
            }
            else if (JobBackOff.RemainingOfIndex(last, now) is var left && left > TimeSpan.Zero)
            {
                wait = !(wait < left) ? left : wait;
            }
            else
            {
                var isIgnored = PodFailureRules.Judge(job.Spec.PodFailurePolicy, last).Action == PodFailurePolicyAction.Ignore;
                create.Add(new WantedPod(
                    index, JobPods.FailuresBefore(last) + (isIgnored ? 0 : 1), JobPods.IgnoredFailuresBefore(last) + (isIgnored ? 1 : 0)));
            }
        }

        return new JobReplicas(create, [], create.Count == 0 ? wait : null);
    }

    /// <summary>The pod is its index's: it runs, or it is ending and that is waited for.</summary>
    private static bool Holds(Job job, Pod pod) =>
        pod.IsActive() || (job.Spec.PodReplacementPolicy == PodReplacementPolicy.Failed && !pod.IsFinished());
}
