using Coxswain.Api.Apps.V1;
using Coxswain.Api.Core.V1;
using Coxswain.Client;
using LabelSelector = Coxswain.Api.LabelSelector;

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

    private IReadOnlyList<ReplicaSetCondition> ConditionsAfter(ReplicaSet set, Exception? failure, int surplus)
    {
        var known = set.Status.Conditions.FirstOrDefault(condition => condition.Type == ReplicaSetConditionType.ReplicaFailure);
        var others = set.Status.Conditions.Where(condition => condition != known);
        if (failure is null)
        {
            return known is null ? set.Status.Conditions : [.. others];
        }

        var reason = surplus < 0 ? "FailedCreate" : "FailedDelete";

        // A refused pod's generated name is part of the message: one that follows it would be written, and seen, for ever.
        return known?.Reason == reason
            ? set.Status.Conditions
            : [.. others, new ReplicaSetCondition
            {
                Type = ReplicaSetConditionType.ReplicaFailure,
                Status = ConditionStatus.True,
                Reason = reason,
                Message = failure.Message,
                LastTransitionTime = _time.GetUtcNow(),
            }];
    }
}
