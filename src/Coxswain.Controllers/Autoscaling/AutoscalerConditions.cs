using Coxswain.Api.Autoscaling.V2;
using Coxswain.Api.Core.V1;

namespace Coxswain.Controllers.Autoscaling;

/// <summary>The conditions of an autoscaler's status.</summary>
internal static class AutoscalerConditions
{
    public static HorizontalPodAutoscalerStatus Set(
        this HorizontalPodAutoscalerStatus status, string type, bool value, string reason, string message, DateTimeOffset now)
    {
        var text = value ? ConditionStatus.True : ConditionStatus.False;
        var conditions = status.Conditions.ToList();
        var at = conditions.FindIndex(condition => condition.Type == type);
        var known = at < 0 ? null : conditions[at];
        var condition = new HorizontalPodAutoscalerCondition
        {
            Type = type, Status = text, Reason = reason, Message = message, LastTransitionTime = known?.Status == text ? known.LastTransitionTime : now,
        };
        if (at < 0)
        {
            conditions.Add(condition);
        }
        else
        {
            conditions[at] = condition;
        }

        return status with { Conditions = conditions };
    }
}
