using Coxswain.Api.Batch.V1;
using Coxswain.Api.Core.V1;

namespace Coxswain.Controllers.Batch;

/// <summary>Whether a Job has to end, as its limits and policies say. Pure.</summary>
internal static class JobVerdict
{
    /// <param name="pods">All of the Job's.</param>
    /// <param name="started">When the Job was started, or resumed; null when it never was.</param>
    public static JobEnd? Decide(Job job, JobAccount account, IReadOnlyList<Pod> pods, DateTimeOffset? started, DateTimeOffset now)
    {
        var spec = job.Spec;
        var failedByRule = pods.Where(pod => JobPods.IsTracked(pod) && pod.Status.Phase == PodPhase.Failed)
            .Select(pod => PodFailureRules.Judge(spec.PodFailurePolicy, pod))
            .FirstOrDefault(verdict => verdict.Action == PodFailurePolicyAction.FailJob);
        if (failedByRule is not null)
        {
            return new JobEnd(false, "PodFailurePolicy", failedByRule.Message);
        }

        if (account.Failed > (spec.BackoffLimit ?? 6) || IsPastRestarts(spec, pods))
        {
            return new JobEnd(false, "BackoffLimitExceeded", "Job has reached the specified backoff limit");
        }

        if (spec.Suspend != true && Deadline(spec, started) <= now)
        {
            return new JobEnd(false, "DeadlineExceeded", "Job was active longer than specified deadline");
        }

        return OfIndexes(spec, account);
    }

    /// <summary>When the Job will have run too long; null when it may run for ever.</summary>
    public static DateTimeOffset? Deadline(JobSpec spec, DateTimeOffset? started) =>
        spec.ActiveDeadlineSeconds is { } seconds && started is { } start
            ? start + TimeSpan.FromSeconds(Math.Min(seconds, int.MaxValue)) : null;

    private static JobEnd? OfIndexes(JobSpec spec, JobAccount account)
    {
        if (!account.IsIndexed)
        {
            return null;
        }

        var failed = account.FailedIndexes.Count;
        if (spec.BackoffLimitPerIndex is not null && failed > 0)
        {
            if (spec.MaxFailedIndexes is { } most && failed > most)
            {
                return new JobEnd(false, "MaxFailedIndexesExceeded", "Job has exceeded the specified maximal number of failed indexes");
            }

            if (failed + account.CompletedIndexes.Count >= account.Completions)
            {
                return new JobEnd(false, "FailedIndexes", "Job has failed indexes");
            }
        }

        var rules = spec.SuccessPolicy?.Rules ?? [];
        for (var i = 0; i < rules.Count; i++)
        {
            if (IsMet(rules[i], account))
            {
                return new JobEnd(true, "SuccessPolicy", $"Matched rules at index {i}");
            }
        }

        return null;
    }

    private static bool IsMet(SuccessPolicyRule rule, JobAccount account)
    {
        if (rule.SucceededIndexes is null)
        {
            return rule.SucceededCount is { } count && account.CompletedIndexes.Count >= count;
        }

        var asked = IndexSet.Parse(rule.SucceededIndexes, account.Completions);
        return asked.CountIn(account.CompletedIndexes) >= (rule.SucceededCount ?? asked.Count);
    }

    /// <summary>Where containers are restarted in place, each restart is an attempt.</summary>
    private static bool IsPastRestarts(JobSpec spec, IReadOnlyList<Pod> pods)
    {
        if (spec.Template.Spec.RestartPolicy != RestartPolicy.OnFailure)
        {
            return false;
        }

        var restarts = pods.Where(pod => pod.Status.Phase is PodPhase.Running or PodPhase.Pending)
            .SelectMany(pod => pod.Status.InitContainerStatuses.Concat(pod.Status.ContainerStatuses)).Sum(container => container.RestartCount);
        return spec.BackoffLimit is 0 ? restarts > 0 : restarts >= (spec.BackoffLimit ?? 6);
    }
}
