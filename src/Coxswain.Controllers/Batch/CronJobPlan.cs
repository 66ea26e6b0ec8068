using Coxswain.Api.Batch.V1;
using Coxswain.Api.Schedules;

namespace Coxswain.Controllers.Batch;

/// <summary>
/// What is due of a CronJob (https://kubernetes.io/docs/concepts/workloads/controllers/cron-jobs/). Pure.
/// </summary>
/// <param name="Run">The scheduled time whose Job is to be started at this moment; null for none.</param>
/// <param name="TooLate">A time that has passed without a Job and is past its deadline; null for none.</param>
/// <param name="IsHeldBack">A Job is due, but the last one is active and two must not be.</param>
/// <param name="TooManyMissed">More times have passed than are likely to be meant: a clock that jumped.</param>
/// <param name="Next">When the next run is due; null for never.</param>
internal sealed record CronJobPlan(DateTimeOffset? Run, DateTimeOffset? TooLate, bool IsHeldBack, bool TooManyMissed, DateTimeOffset? Next)
{
    /// <summary>As in Kubernetes.</summary>
    private const int MaxMissed = 100;

    public static CronJobPlan Compute(CronJob job, int active, CronSchedule schedule, TimeZoneInfo zone, DateTimeOffset now)
    {
        var next = schedule.Next(now, zone);
        var (due, missed) = LastDue(job, schedule, zone, now);
        var plan = new CronJobPlan(null, null, false, missed > MaxMissed, next);
        if (due is not { } time || job.Status.LastScheduleTime >= time)
        {
            return plan;
        }

        if (job.Spec.StartingDeadlineSeconds is { } seconds && time + TimeSpan.FromSeconds(seconds) < now)
        {
            return plan with { TooLate = time };
        }

        return job.Spec.ConcurrencyPolicy == ConcurrencyPolicy.Forbid && active > 0 ? plan with { IsHeldBack = true } : plan with { Run = time };
    }

    /// <summary>Those beyond the history limit, oldest first.</summary>
    public static IEnumerable<Job> Outdated(CronJob job, IReadOnlyList<Job> children)
    {
        IEnumerable<Job> Beyond(string type, int? limit)
        {
            var ended = children.Where(child => JobConditions.FinishOf(child)?.Type == type)
                .OrderBy(child => child.Status.StartTime ?? child.Metadata.CreationTimestamp).ThenBy(child => child.Metadata.Name, StringComparer.Ordinal).ToList();
            return limit is { } most ? ended.Take(Math.Max(0, ended.Count - most)) : [];
        }

        return [.. Beyond(JobConditionType.Complete, job.Spec.SuccessfulJobsHistoryLimit), .. Beyond(JobConditionType.Failed, job.Spec.FailedJobsHistoryLimit)];
    }

    /// <summary>The latest time that has come since the last run, and how many came.</summary>
    private static (DateTimeOffset? Due, int Missed) LastDue(CronJob job, CronSchedule schedule, TimeZoneInfo zone, DateTimeOffset now)
    {
        var from = job.Status.LastScheduleTime ?? job.Metadata.CreationTimestamp ?? now;
        if (job.Spec.StartingDeadlineSeconds is { } seconds && now - TimeSpan.FromSeconds(Math.Min(seconds, int.MaxValue)) is var earliest && earliest > from)
        {
            from = earliest;
        }

        DateTimeOffset? due = null;
        var missed = 0;
        for (var time = schedule.Next(from, zone); time is { } at && at <= now; time = schedule.Next(at, zone))
        {
            due = at;
            if (++missed > MaxMissed)
            {
                return (LatestBefore(schedule, zone, at, now), missed);
            }
        }

        return (due, missed);
    }

    /// <summary>Far behind, by halves instead of by steps: the latest time is looked for, not every one.</summary>
    private static DateTimeOffset LatestBefore(CronSchedule schedule, TimeZoneInfo zone, DateTimeOffset known, DateTimeOffset now)
    {
        var span = now - known;
        for (var back = TimeSpan.FromSeconds(1); back < span; back *= 2)
        {
            if (schedule.Next(now - back, zone) is { } found && found <= now)
            {
                for (var time = schedule.Next(found, zone); time is { } at && at <= now; time = schedule.Next(at, zone))
                {
                    found = at;
                }

                return found;
            }
        }

        return known;
    }
}
