using Coxswain.Api.Core.V1;
using Coxswain.Client;
using LabelSelector = Coxswain.Api.Selectors.LabelSelector;

namespace Coxswain.Controllers.Apps;

/// <summary>Runs ReplicationControllers (https://kubernetes.io/docs/concepts/workloads/controllers/replicationcontroller/).</summary>
internal sealed class ReplicationControllerController(ControllerContext context)
    : ReplicaController<ReplicationController>("replication-controller", context)
{
    private readonly TimeProvider _time = context.Time;

    protected override ReplicaIntent IntentOf(ReplicationController set) => new(
        set.Spec.Replicas ?? 1,
        set.Spec.MinReadySeconds,
        LabelSelector.From(set.Spec.Selector),
        set.Spec.Template ?? PodTemplateSpec.Empty);

    protected override async Task ReportAsync(ReplicationController set, ReplicaCounts counts, Exception? failure, int surplus, CancellationToken cancellationToken)
    {
        var status = set.Status with
        {
            Replicas = counts.Replicas,
            FullyLabeledReplicas = counts.FullyLabeled,
            ReadyReplicas = counts.Ready,
            AvailableReplicas = counts.Available,
            ObservedGeneration = set.Metadata.Generation,
            Conditions = ConditionsAfter(set, failure, surplus),
        };
        if (!status.Equals(set.Status))
        {
            await Client.UpdateStatusAsync(set with { Status = status }, cancellationToken);
        }
    }

    private IReadOnlyList<ReplicationControllerCondition> ConditionsAfter(ReplicationController set, Exception? failure, int surplus) =>
        ReplicaFailure.After(
            set.Status.Conditions,
            condition => condition.Type == ReplicaFailure.Type ? condition.Reason : null,
            (reason, message) => new ReplicationControllerCondition
            {
                Type = ReplicaFailure.Type, Status = ConditionStatus.True, Reason = reason, Message = message, LastTransitionTime = _time.GetUtcNow(),
            },
            failure,
            surplus);
}
