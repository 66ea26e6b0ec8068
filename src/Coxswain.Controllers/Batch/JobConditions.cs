using Coxswain.Api.Batch.V1;
using Coxswain.Api.Core.V1;

namespace Coxswain.Controllers.Batch;

/// <summary>The conditions of a Job's status.</summary>
internal static class JobConditions
{
    public static JobCondition? Find(JobStatus status, string type) => status.Conditions.FirstOrDefault(condition => condition.Type == type);

    public static bool Has(JobStatus status, string type) => Find(status, type)?.Status == ConditionStatus.True;

    public static bool IsFinished(Job job) => FinishOf(job) is not null;

    /// <summary>The condition that says how the Job ended; null while it has not.</summary>
    public static JobCondition? FinishOf(Job job) => job.Status.Conditions.FirstOrDefault(condition =>
        condition is { Type: JobConditionType.Complete or JobConditionType.Failed, Status: ConditionStatus.True });

    public static JobStatus Set(JobStatus status, string type, bool value, string reason, string message, DateTimeOffset now)
    {
        var text = value ? ConditionStatus.True : ConditionStatus.False;
        var known = Find(status, type);
        if (known is not null && known.Status == text && known.Reason == reason)
        {
            return status;
        }

        var condition = new JobCondition
        {
            Type = type, Status = text, Reason = reason, Message = message, LastProbeTime = now,
            LastTransitionTime = known?.Status == text ? known.LastTransitionTime : now,
        };
        return status with { Conditions = [.. status.Conditions.Where(other => other.Type != type), condition] };
    }
}
