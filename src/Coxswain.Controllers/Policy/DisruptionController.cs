using Coxswain.Api.Core.V1;
using Coxswain.Api.Json;
using Coxswain.Api.Policy.V1;
using Coxswain.Client;
using Coxswain.Client.Events;
using Coxswain.Client.Informers;
using Coxswain.Client.Reconcilers;
using LabelSelector = Coxswain.Api.Selectors.LabelSelector;

namespace Coxswain.Controllers.Policy;

/// <summary>
/// Keeps the status of PodDisruptionBudgets, from which evictions learn whether one more pod may go
/// (https://kubernetes.io/docs/concepts/workloads/pods/disruptions/).
/// </summary>
internal sealed class DisruptionController : KeyedController
{
    private readonly IKubeClient _client;
    private readonly TimeProvider _time;
    private readonly Informer<PodDisruptionBudget> _budgets;
    private readonly Informer<Pod> _pods;
    private readonly ExpectedScale _scale;
    private readonly EventRecorder _events;

    public DisruptionController(ControllerContext context)
        : base("disruption-controller", context)
    {
        _client = context.ClientFor("disruption-controller");
        _time = context.Time;
        _budgets = context.Informers.Of<PodDisruptionBudget>();
        _pods = context.Informers.Of<Pod>();
        _scale = new ExpectedScale(context.Informers);
        _events = context.Events.RecorderFor("controllermanager");
    }

    protected override IReadOnlyList<IInformer> Inputs => [_budgets, _pods, .. _scale.Inputs];

    public override async Task<Requeue> ReconcileAsync(NamespacedName key, CancellationToken cancellationToken)
    {
        if (_budgets.Get(key) is not { Metadata.DeletionTimestamp: null } budget)
        {
            return Requeue.Never;
        }

        var now = _time.GetUtcNow();
        var selector = LabelSelector.From(budget.Spec.Selector);
        var pods = _pods.List(key.Namespace).Where(pod => selector.Matches(pod.Metadata.Labels)).ToList();
        int expected;
        try
        {
            expected = DisruptionPlan.AsksOwners(budget.Spec) ? _scale.Of(pods) : pods.Count;
        }
        catch (InvalidOperationException exception)
        {
            // An owner that has just come is in its cache soon; another may never be: evictions learn why they have to wait.
            _events.Warning(budget, "CalculateExpectedPodCountFailed", $"Failed to calculate the number of expected pods: {exception.Message}");
            await WriteAsync(budget, DisruptionPlan.Failed(budget, exception.Message, now), cancellationToken);
            throw;
        }

        var plan = DisruptionPlan.Compute(budget, pods, expected, now);
        await WriteAsync(budget, plan.Status, cancellationToken);
        return plan.Recheck is { } recheck ? Requeue.In(recheck - now) : Requeue.Never;
    }

    protected override void Subscribe()
    {
        _budgets.OnChange((old, current) => Queue.Add(NamespacedName.Of(current ?? old!)));
        _pods.OnChange((old, current) =>
        {
            if (old is not null && current is not null && IsSame(old, current))
            {
                return;
            }

            foreach (var budget in _budgets.List((current ?? old!).Metadata.Namespace))
            {
                var selector = LabelSelector.From(budget.Spec.Selector);
                if ((old is not null && selector.Matches(old.Metadata.Labels)) || (current is not null && selector.Matches(current.Metadata.Labels)))
                {
                    Queue.Add(NamespacedName.Of(budget));
                }
            }
        });
    }

    /// <summary>Nothing of the pod that a budget counts has changed.</summary>
    private static bool IsSame(Pod old, Pod current) =>
        old.Metadata.Uid == current.Metadata.Uid
        && old.IsReady() == current.IsReady()
        && old.Metadata.DeletionTimestamp is null == current.Metadata.DeletionTimestamp is null
        && KubeEquality.Equal(old.Metadata.Labels, current.Metadata.Labels, (left, right) => left == right)
        && KubeEquality.Equal(old.Metadata.OwnerReferences, current.Metadata.OwnerReferences, (left, right) => left.Equals(right));

    private async Task WriteAsync(PodDisruptionBudget budget, PodDisruptionBudgetStatus status, CancellationToken cancellationToken)
    {
        if (!status.Equals(budget.Status))
        {
            await _client.UpdateStatusAsync(budget with { Status = status }, cancellationToken);
        }
    }
}
