using Coxswain.Api.Core.V1;
using Coxswain.Api.Errors;
using Coxswain.Api.Meta.V1;
using Coxswain.Api.Policy.V1;
using Coxswain.Client;
using Coxswain.Client.Events;
using Coxswain.Client.Informers;
using Coxswain.Scheduler;
using Coxswain.Scheduler.Cycle;
using LabelSelector = Coxswain.Api.Selectors.LabelSelector;
using Preconditions = Coxswain.Api.Meta.V1.Preconditions;

namespace Coxswain.Controllers.Scheduling;

/// <summary>Tells the victims of a pod that matters more to go.</summary>
internal sealed class PreemptingPods(IKubeClient client, InformerFactory informers, EventRecorder events, TimeProvider time)
{
    private readonly Informer<PodDisruptionBudget> _budgets = informers.Of<PodDisruptionBudget>();

    public IReadOnlyList<IInformer> Inputs => [_budgets];

    /// <summary>Not while those it preempted before are still on their way out.</summary>
    public bool MayPreempt(Pod pod, ClusterSnapshot snapshot) =>
        pod.Spec.PreemptionPolicy != PreemptionPolicy.Never
        && !(pod.Status.NominatedNodeName is { Length: > 0 } nominated && snapshot.Nodes.TryGetValue(nominated, out var node)
            && node.Pods.Values.Any(other => other.Pod.Metadata.DeletionTimestamp is not null && Preemptor.PriorityOf(other.Pod) < Preemptor.PriorityOf(pod)));

    public IReadOnlyList<VictimBudget> Budgets =>
    [
        .. _budgets.List().Select(budget =>
        {
            var selector = LabelSelector.From(budget.Spec.Selector);
            return new VictimBudget(
                pod => pod.Metadata.Namespace == budget.Metadata.Namespace && selector.Matches(pod.Metadata.Labels) && !budget.Status.DisruptedPods.ContainsKey(pod.Metadata.Name),
                budget.Status.DisruptionsAllowed);
        }),
    ];

    public async Task PreemptAsync(Pod pod, PreemptionVerdict.Victims victims, CancellationToken cancellationToken)
    {
        foreach (var victim in victims.Pods.Where(victim => victim.Metadata.DeletionTimestamp is null))
        {
            try
            {
                await client.MarkDisruptedAsync(
                    victim, "PreemptionByScheduler", "default-scheduler: preempting to accommodate a higher priority pod", isLost: false, time.GetUtcNow(), cancellationToken);
                var options = DeleteOptions.Empty with { Preconditions = new Preconditions { Uid = victim.Metadata.Uid } };
                await client.DeleteAsync<Pod>(victim.Metadata.Namespace, victim.Metadata.Name, options, cancellationToken);
                events.Normal(victim, "Preempted", $"Preempted by pod {pod.Metadata.Uid} on node {victims.NodeName}");
            }
            catch (KubeStatusException exception) when (exception.IsNotFound)
            {
                // It has gone already.
            }
        }
    }
}
