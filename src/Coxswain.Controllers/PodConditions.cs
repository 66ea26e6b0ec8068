using Coxswain.Api.Core.V1;

namespace Coxswain.Controllers;

/// <summary>What a pod's status says, as controllers ask it.</summary>
internal static class PodConditions
{
    /// <summary>Neither finished nor on its way out.</summary>
    public static bool IsActive(this Pod pod) => !pod.IsFinished() && pod.Metadata.DeletionTimestamp is null;

    public static bool IsFinished(this Pod pod) => pod.Status.Phase is PodPhase.Succeeded or PodPhase.Failed;

    public static bool IsReady(this Pod pod) => pod.Find(PodConditionType.Ready)?.Status == ConditionStatus.True;

    public static DateTimeOffset? ReadySince(this Pod pod) =>
        pod.Find(PodConditionType.Ready) is { Status: ConditionStatus.True } ready ? ready.LastTransitionTime : null;

    /// <summary>Ready, and for long enough.</summary>
    public static bool IsAvailable(this Pod pod, int minReadySeconds, DateTimeOffset now) =>
        pod.IsReady() && (minReadySeconds == 0 || pod.ReadySince() is { } since && since + TimeSpan.FromSeconds(minReadySeconds) <= now);

    public static PodCondition? Find(this Pod pod, string type)
    {
        foreach (var condition in pod.Status.Conditions)
        {
            if (condition.Type == type)
            {
                return condition;
            }
        }

        return null;
    }
}
