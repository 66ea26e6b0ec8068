using System.Text.Json.Nodes;
using Coxswain.Api;
using Coxswain.Api.Meta.V1;
using Coxswain.Api.Policy.V1;
using Coxswain.ApiServer.Documents;
using Coxswain.ApiServer.Resources;
using Coxswain.ApiServer.Verbs;
using Coxswain.Store;

namespace Coxswain.ApiServer.Requests;

/// <summary>Evicts a Pod: a delete that a PodDisruptionBudget may refuse.</summary>
internal sealed class EvictionHandler(IStore store, ObjectDeleter deleter, ObjectUpdater updater, ResourceRegistry resources, TimeProvider time)
    : IPostHandler
{
    public static readonly ObjectKind Kind = Eviction.ObjectKind;

    public async ValueTask<JsonObject> HandleAsync(ApiRequest request, JsonObject body, CancellationToken cancellationToken)
    {
        var eviction = Answers.Read<Eviction>(body);
        var entry = await store.GetAsync(request.Key, cancellationToken)
            ?? throw new KubeStatusException(Statuses.NotFound("pods", request.Name));
        var pod = KubeJson.Deserialize<Coxswain.Api.Core.V1.Pod>(entry.Value.Span);
        var ends = pod.Metadata.DeletionTimestamp is not null || pod.Status.Phase is "Succeeded" or "Failed" or "Pending";
        var budgets = ends ? [] : await BudgetsOfAsync(request.Namespace, pod.Metadata.Labels, cancellationToken);
        if (budgets.Count > 1)
        {
            throw new KubeStatusException(Statuses.InternalError("This pod has more than one PodDisruptionBudget, which the eviction subresource does not support."));
        }

        if (budgets.Count == 1)
        {
            await TakeDisruptionAsync(request, budgets[0].Metadata.Name, cancellationToken);
        }

        var options = eviction.DeleteOptions ?? DeleteOptions.Empty;
        if (request.DryRun || options.DryRun.Count > 0)
        {
            request = request with { DryRun = true };
        }

        await deleter.DeleteAsync(request with { Subresource = "" }, options, cancellationToken);
        return Answers.Success(201);
    }

    private async ValueTask<List<PodDisruptionBudget>> BudgetsOfAsync(
        string @namespace, IReadOnlyDictionary<string, string> labels, CancellationToken cancellationToken)
    {
        var prefix = resources.Of<PodDisruptionBudget>().Prefix(@namespace);
        var list = await store.ListAsync(new ListQuery(prefix), cancellationToken);
        return [.. list.Entries.Select(entry => KubeJson.Deserialize<PodDisruptionBudget>(entry.Value.Span))
            .Where(budget => Coxswain.Api.LabelSelector.From(budget.Spec.Selector).Matches(labels))];
    }

    /// <summary>Counts the disruption against the budget, so that a second eviction sees it before the controller does.</summary>
    private async ValueTask TakeDisruptionAsync(ApiRequest request, string budget, CancellationToken cancellationToken)
    {
        var update = request with { Resource = resources.Of<PodDisruptionBudget>(), Name = budget, Subresource = "status" };
        await updater.UpdateAsync(update, document =>
        {
            var status = document.ObjectOrNew("status");
            var allowed = status.Integer("disruptionsAllowed") ?? 0;
            var observed = status.Integer("observedGeneration") ?? 0;
            if (observed < (document.Metadata().Integer("generation") ?? 0) || allowed <= 0)
            {
                throw new KubeStatusException(Statuses.TooManyRequests("Cannot evict pod as it would violate the pod's disruption budget.", 10) with
                {
                    Details = new StatusDetails
                    {
                        RetryAfterSeconds = 10,
                        Causes =
                        [
                            new StatusCause
                            {
                                Reason = "DisruptionBudget",
                                Message = $"The disruption budget {budget} needs {status.Integer("desiredHealthy") ?? 0} healthy pods and has "
                                    + $"{status.Integer("currentHealthy") ?? 0} currently",
                            },
                        ],
                    },
                });
            }

            status["disruptionsAllowed"] = allowed - 1;
            status.ObjectOrNew("disruptedPods")[request.Name] = KubeTime.Format(time.GetUtcNow());
            return document;
        }, cancellationToken);
    }
}
