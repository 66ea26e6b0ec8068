using Coxswain.Api.Apps.V1;
using Coxswain.Api.Core.V1;
using Coxswain.Client;
using LabelSelector = Coxswain.Api.Selectors.LabelSelector;

namespace Coxswain.Controllers.Apps;

/// <summary>Runs ReplicaSets (https://kubernetes.io/docs/concepts/workloads/controllers/replicaset/).</summary>
internal sealed class ReplicaSetController(ControllerContext context) : ReplicaController<ReplicaSet>("replicaset-controller", context)
{
    private readonly TimeProvider _time = context.Time;

    protected override ReplicaIntent IntentOf(ReplicaSet set) => new(
        set.Spec.Replicas ?? 1,
        set.Spec.MinReadySeconds,
        LabelSelector.From(set.Spec.Selector),
        set.Spec.Template);

    protected override async Task ReportAsync(ReplicaSet set, ReplicaCounts counts, Exception? failure, int surplus, CancellationToken cancellationToken)
    {
        var status = set.Status with
        {
            Replicas = counts.Replicas,
            FullyLabeledReplicas = counts.FullyLabeled,
            ReadyReplicas = counts.Ready,
            AvailableReplicas = counts.Available,
            TerminatingReplicas = counts.Terminating,
            ObservedGeneration = set.Metadata.Generation,
            Conditions = ConditionsAfter(set, failure, surplus),
        };
        if (!status.Equals(set.Status))
        {
            await Client.UpdateStatusAsync(set with { Status = status }, cancellationToken);
        }
    }

    /// <summary>The pods of every ReplicaSet of the same Deployment: a roll-out should leave its nodes evenly used.</summary>
    protected override IEnumerable<Pod> SiblingPodsOf(ReplicaSet set, IReadOnlyList<Pod> own) =>
        OwnerReferences.ControllerOf(set) is { } deployment
            ? Sets.ListByOwner(deployment.Uid).SelectMany(sibling => PodsOwnedBy(sibling.Metadata.Uid))
            : own;

    private IReadOnlyList<ReplicaSetCondition> ConditionsAfter(ReplicaSet set, Exception? failure, int surplus) => ReplicaFailure.After(
        set.Status.Conditions,
        condition => condition.Type == ReplicaFailure.Type ? condition.Reason : null,
        (reason, message) => new ReplicaSetCondition
        {
            Type = ReplicaFailure.Type, Status = ConditionStatus.True, Reason = reason, Message = message, LastTransitionTime = _time.GetUtcNow(),
        },
        failure,
        surplus);
}
