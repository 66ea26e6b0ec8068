using Coxswain.Api.Batch.V1;
using Coxswain.Api.Core.V1;

namespace Coxswain.Controllers.Batch;

/// <summary>
/// The next step of a Job (https://kubernetes.io/docs/concepts/workloads/controllers/job/): its status, written first, and
/// what becomes of its pods after that. Pure.
/// </summary>
/// <param name="Release">Pods whose end the status has taken note of.</param>
/// <param name="Recheck">When to look again although nothing changes.</param>
internal sealed record JobPlan(
    JobStatus Status, IReadOnlyList<Pod> Release, IReadOnlyList<WantedPod> Create, IReadOnlyList<Pod> Delete, TimeSpan? Recheck)
{
    /// <param name="pods">All of the Job's.</param>
    /// <param name="mayChange">Whether all that was asked for before is in the cache, so that it can be counted.</param>
    public static JobPlan Compute(Job job, IReadOnlyList<Pod> pods, bool mayChange, DateTimeOffset now)
    {
        var status = Start(job, now);
        var end = JobEnd.Of(status);
        var account = JobAccount.Of(job, pods, end);
        end ??= JobVerdict.Decide(job, account, pods, status.StartTime, now);
        var active = pods.Where(PodConditions.IsActive).ToList();
        var replicas = JobReplicas.Nothing;
        if (end is not null)
        {
            replicas = replicas with { Delete = mayChange ? active : [] };
        }
        else if (mayChange && job.Metadata.DeletionTimestamp is null)
        {
            replicas = JobReplicas.Plan(job, account, pods, now);
        }

        if (end is null && active.Count == 0 && IsDone(job, account))
        {
            end = new JobEnd(true, "CompletionsReached", "Reached expected number of succeeded pods");
        }

        var ending = pods.Count(pod => pod.Metadata.DeletionTimestamp is not null && !pod.IsFinished());
        status = account.Apply(status) with
        {
            Active = active.Count,
            Ready = active.Count(pod => pod.IsReady()),
            Terminating = ending,
        };
        status = Suspend(job, status, now);
        if (end is not null)
        {
            status = JobConditions.Set(status, end.InterimType, true, end.Reason, end.Message, now);
            if (active.Count == 0 && ending == 0 && account.IsSettled)
            {
                status = JobConditions.Set(status, end.Type, true, end.Reason, end.Message, now) with
                {
                    CompletionTime = end.IsSuccess ? now : null,
                };
            }
        }

        var deadline = end is null && job.Spec.Suspend != true ? JobVerdict.Deadline(job.Spec, status.StartTime) - now : null;
        return new JobPlan(status, account.Release, replicas.Create, replicas.Delete, Earlier(deadline, replicas.Wait));
    }

    private static JobStatus Start(Job job, DateTimeOffset now) =>
        job.Status.StartTime is null && job.Spec.Suspend != true ? job.Status with { StartTime = now } : job.Status;

    private static JobStatus Suspend(Job job, JobStatus status, DateTimeOffset now)
    {
        if (job.Spec.Suspend == true)
        {
            return JobEnd.Of(status) is null ? JobConditions.Set(status, JobConditionType.Suspended, true, "JobSuspended", "Job suspended", now) : status;
        }

        // The deadline's clock starts anew.
        return JobConditions.Has(status, JobConditionType.Suspended)
            ? JobConditions.Set(status, JobConditionType.Suspended, false, "JobResumed", "Job resumed", now) with { StartTime = now }
            : status;
    }

    private static bool IsDone(Job job, JobAccount account) => job.Spec.Completions is { } completions
        ? account.Succeeded >= completions
        : account.Succeeded > 0;

    private static TimeSpan? Earlier(TimeSpan? left, TimeSpan? right) => left is null || right < left ? right : left;
}
