using Coxswain.Api.Core.V1;
using Coxswain.Client;

namespace Coxswain.Controllers;

/// <summary>
/// Says on a pod, before it is deleted by the control plane, why
/// (https://kubernetes.io/docs/concepts/workloads/pods/disruptions/#pod-disruption-conditions).
/// </summary>
internal static class PodDisruption
{
    /// <summary>Adds the condition; a pod whose node cannot end it any more also becomes Failed.</summary>
    public static async Task MarkDisruptedAsync(
        this IKubeClient client, Pod pod, string reason, string message, bool isLost, DateTimeOffset now, CancellationToken cancellationToken)
    {
        if (pod.Find(PodConditionType.DisruptionTarget) is { Status: ConditionStatus.True } known && known.Reason == reason)
        {
            return;
        }

        var condition = new PodCondition
        {
            Type = PodConditionType.DisruptionTarget,
            Status = ConditionStatus.True,
            Reason = reason,
            Message = message,
            LastTransitionTime = now,
        };
        var status = pod.Status with
        {
            Phase = isLost && !pod.IsFinished() ? PodPhase.Failed : pod.Status.Phase,
            Conditions = [.. pod.Status.Conditions.Where(other => other.Type != PodConditionType.DisruptionTarget), condition],
        };
        await client.UpdateStatusAsync(pod with { Status = status }, cancellationToken);
    }
}
