using Coxswain.Api.Apps.V1;
using Coxswain.Api.Core.V1;

namespace Coxswain.Controllers.Apps;

/// <summary>What a Deployment's status says, and how <c>kubectl rollout status</c> and Helm know that it is done. Pure.</summary>
internal static class DeploymentStatuses
{
    public const string NewReplicaSetCreated = "NewReplicaSetCreated";
    public const string FoundNewReplicaSet = "FoundNewReplicaSet";
    private const string NewReplicaSetAvailable = "NewReplicaSetAvailable";
    private const string ReplicaSetUpdated = "ReplicaSetUpdated";
    private const string TimedOut = "ProgressDeadlineExceeded";
    private const string Paused = "DeploymentPaused";
    private const string Resumed = "DeploymentResumed";

    public static DeploymentStatus Compute(RolloutState state, DateTimeOffset now)
    {
        var status = Counts(state);
        var hasEnough = status.AvailableReplicas >= state.MinAvailable;
        status = Set(status, now, DeploymentConditionType.Available, hasEnough,
            hasEnough ? "MinimumReplicasAvailable" : "MinimumReplicasUnavailable",
            hasEnough ? "Deployment has minimum availability." : "Deployment does not have minimum availability.");
        status = Progress(state, status, now);
        var failure = state.All.SelectMany(set => set.Status.Conditions).FirstOrDefault(condition => condition.Type == ReplicaSetConditionType.ReplicaFailure);
        return failure is null
            ? Without(status, DeploymentConditionType.ReplicaFailure)
            : Set(status, now, DeploymentConditionType.ReplicaFailure, failure.Status == ConditionStatus.True, failure.Reason, failure.Message);
    }

    /// <summary>The new ReplicaSet was made or found: the roll-out's clock starts.</summary>
    public static Deployment Started(Deployment deployment, string reason, string message, DateTimeOffset now) =>
        deployment with { Status = Set(deployment.Status, now, DeploymentConditionType.Progressing, true, reason, message) };

    public static bool IsComplete(Deployment deployment, DeploymentStatus status)
    {
        var replicas = deployment.Spec.Replicas ?? 1;
        return status.UpdatedReplicas == replicas && status.Replicas == replicas && status.AvailableReplicas == replicas
            && status.ObservedGeneration >= deployment.Metadata.Generation;
    }

    /// <summary>When the roll-out will have taken too long; null when it is not under way or has no deadline.</summary>
    public static DateTimeOffset? Deadline(Deployment deployment, DeploymentStatus status) =>
        HasDeadline(deployment)
        && Find(status, DeploymentConditionType.Progressing) is { Reason: not (NewReplicaSetAvailable or TimedOut or Paused), LastUpdateTime: { } updated }
            ? updated + TimeSpan.FromSeconds(deployment.Spec.ProgressDeadlineSeconds ?? 600)
            : null;

    public static DeploymentCondition? Find(DeploymentStatus status, string type) => status.Conditions.FirstOrDefault(condition => condition.Type == type);

    private static DeploymentStatus Counts(RolloutState state)
    {
        var replicas = state.All.Sum(set => set.Status.Replicas);
        var available = state.TotalAvailable;
        return state.Deployment.Status with
        {
            ObservedGeneration = state.Deployment.Metadata.Generation,
            Replicas = replicas,
            UpdatedReplicas = state.New?.Status.Replicas ?? 0,
            ReadyReplicas = state.All.Sum(set => set.Status.ReadyReplicas),
            AvailableReplicas = available,
            TerminatingReplicas = state.All.Sum(set => set.Status.TerminatingReplicas ?? 0),
            UnavailableReplicas = Math.Max(0, state.TotalSpecReplicas - available),
        };
    }

    private static DeploymentStatus Progress(RolloutState state, DeploymentStatus status, DateTimeOffset now)
    {
        var deployment = state.Deployment;
        if (!HasDeadline(deployment))
        {
            return Without(status, DeploymentConditionType.Progressing);
        }

        var current = Find(status, DeploymentConditionType.Progressing);
        if (deployment.Spec.Paused)
        {
            return current?.Reason == Paused ? status : Put(status, now, DeploymentConditionType.Progressing, "Unknown", Paused, "Deployment is paused");
        }

        if (current?.Reason == Paused)
        {
            return Put(status, now, DeploymentConditionType.Progressing, "Unknown", Resumed, "Deployment is resumed");
        }

        // Once done it stays done until the template changes: a pod that dies later is not a roll-out.
        if (status.Replicas == status.UpdatedReplicas && current?.Reason == NewReplicaSetAvailable)
        {
            return status;
        }

        var subject = state.New is { } set ? $"ReplicaSet \"{set.Metadata.Name}\"" : $"Deployment \"{deployment.Metadata.Name}\"";
        if (IsComplete(deployment, status))
        {
            return Set(status, now, DeploymentConditionType.Progressing, true, NewReplicaSetAvailable, $"{subject} has successfully progressed.");
        }

        if (HasProgressed(deployment.Status, status))
        {
            // Each sign of life restarts the deadline's clock, which is the condition's update time.
            var at = current?.Status == ConditionStatus.True ? current.LastTransitionTime : now;
            return Replace(status, new DeploymentCondition
            {
                Type = DeploymentConditionType.Progressing,
                Status = ConditionStatus.True,
                Reason = ReplicaSetUpdated,
                Message = $"{subject} is progressing.",
                LastUpdateTime = now,
                LastTransitionTime = at,
            });
        }

        return Deadline(deployment, status) <= now
            ? Set(status, now, DeploymentConditionType.Progressing, false, TimedOut, $"{subject} has timed out progressing.")
            : status;
    }

    private static bool HasProgressed(DeploymentStatus before, DeploymentStatus after) =>
        after.UpdatedReplicas > before.UpdatedReplicas
        || after.Replicas - after.UpdatedReplicas < before.Replicas - before.UpdatedReplicas
        || after.ReadyReplicas > before.ReadyReplicas
        || after.AvailableReplicas > before.AvailableReplicas;

    private static bool HasDeadline(Deployment deployment) => deployment.Spec.ProgressDeadlineSeconds != int.MaxValue;

    private static DeploymentStatus Set(DeploymentStatus status, DateTimeOffset now, string type, bool value, string reason, string message) =>
        Put(status, now, type, value ? ConditionStatus.True : ConditionStatus.False, reason, message);

    private static DeploymentStatus Put(DeploymentStatus status, DateTimeOffset now, string type, string value, string reason, string message)
    {
        var current = Find(status, type);
        if (current?.Status == value && current.Reason == reason)
        {
            return status;
        }

        return Replace(status, new DeploymentCondition
        {
            Type = type,
            Status = value,
            Reason = reason,
            Message = message,
            LastUpdateTime = now,
            LastTransitionTime = current?.Status == value ? current.LastTransitionTime : now,
        });
    }

    private static DeploymentStatus Replace(DeploymentStatus status, DeploymentCondition condition) =>
        status with { Conditions = [.. status.Conditions.Where(known => known.Type != condition.Type), condition] };

    private static DeploymentStatus Without(DeploymentStatus status, string type) =>
        Find(status, type) is null ? status : status with { Conditions = [.. status.Conditions.Where(condition => condition.Type != type)] };
}
