using Coxswain.Api.Batch.V1;
using Coxswain.Api.Core.V1;

namespace Coxswain.Controllers.Batch;

/// <summary>How a Job ends. Said first by an interim condition, and for good when its last pod has gone.</summary>
internal sealed record JobEnd(bool IsSuccess, string Reason, string Message)
{
    public string InterimType => IsSuccess ? JobConditionType.SuccessCriteriaMet : JobConditionType.FailureTarget;

    public string Type => IsSuccess ? JobConditionType.Complete : JobConditionType.Failed;

    /// <summary>What the status says already; null while the Job goes on.</summary>
    public static JobEnd? Of(JobStatus status) =>
        JobConditions.Find(status, JobConditionType.SuccessCriteriaMet) is { Status: ConditionStatus.True } met ? new JobEnd(true, met.Reason, met.Message)
        : JobConditions.Find(status, JobConditionType.FailureTarget) is { Status: ConditionStatus.True } target ? new JobEnd(false, target.Reason, target.Message)
        : null;
}
