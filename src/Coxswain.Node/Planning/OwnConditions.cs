using Coxswain.Api.Core.V1;

namespace Coxswain.Node.Planning;

/// <summary>Which of a pod's conditions are the node's to write; all others (readiness gates among them) belong to somebody else.</summary>
internal static class OwnConditions
{
    /// <summary>The reason of a DisruptionTarget of ours: others set that condition too.</summary>
    public const string TerminationByKubelet = "TerminationByKubelet";

    public static bool Contains(PodCondition condition) => condition.Type switch
    {
        PodConditionType.PodReadyToStartContainers or PodConditionType.Initialized or PodConditionType.Ready
            or PodConditionType.ContainersReady or PodConditionType.PodScheduled => true,
        PodConditionType.PodResizePending or PodConditionType.PodResizeInProgress => true,
        PodConditionType.DisruptionTarget => condition.Reason == TerminationByKubelet,
        _ => false,
    };

    /// <summary>Of ours, those that are there only while they hold.</summary>
    public static bool IsPassing(string type) => type is PodConditionType.PodResizePending or PodConditionType.PodResizeInProgress;

    /// <summary>Ours from the one, everybody else's from the other.</summary>
    public static IReadOnlyList<PodCondition> Merge(IReadOnlyList<PodCondition> ours, IReadOnlyList<PodCondition> others)
    {
        var own = ours.Where(Contains).ToList();
        return [.. own, .. others.Where(other => !IsPassing(other.Type) && !own.Exists(condition => condition.Type == other.Type))];
    }
}
