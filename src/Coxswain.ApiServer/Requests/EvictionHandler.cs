using System.Text.Json.Nodes;
using Coxswain.Api;
using Coxswain.Api.Core.V1;
using Coxswain.Api.Errors;
using Coxswain.Api.Json;
using Coxswain.Api.Meta.V1;
using Coxswain.Api.Policy.V1;
using Coxswain.Api.Scalars;
using Coxswain.ApiServer.Documents;
using Coxswain.ApiServer.Resources;
using Coxswain.ApiServer.Verbs;
using Coxswain.Store;

namespace Coxswain.ApiServer.Requests;

/// <summary>Evicts a Pod: a delete that a PodDisruptionBudget may refuse.</summary>
internal sealed class EvictionHandler(IStore store, ObjectDeleter deleter, ObjectUpdater updater, CatalogueHolder resources, TimeProvider time)
    : IPostHandler
{
    public static readonly ObjectKind Kind = Eviction.ObjectKind;

    /// <summary>Evictions the controller has not yet seen the end of; more mean that it does not run.</summary>
    private const int MostDisrupted = 2000;

    private const int RetryAfterSeconds = 10;

    public async ValueTask<JsonObject> HandleAsync(ApiRequest request, JsonObject body, CancellationToken cancellationToken)
    {
        var eviction = Answers.Read<Eviction>(body);
        if (eviction.Metadata.Name.Length > 0 && eviction.Metadata.Name != request.Name)
        {
            throw new KubeStatusException(Statuses.BadRequest(
                $"name in URL does not match name in Eviction object: {request.Name} != {eviction.Metadata.Name}"));
        }

        var options = eviction.DeleteOptions ?? DeleteOptions.Empty;
        request = request with { DryRun = request.DryRun || options.DryRun.Count > 0 };
        var entry = await store.GetAsync(request.Key, cancellationToken)
            ?? throw new KubeStatusException(Statuses.NotFound("pods", request.Name));
        var pod = KubeJson.Deserialize<Pod>(entry.Value.Span);
        if (options.Preconditions?.Uid is { } wanted && wanted != pod.Metadata.Uid)
        {
            throw new KubeStatusException(Statuses.PreconditionFailed("pods", request.Name, "UID", wanted, pod.Metadata.Uid));
        }

        var ends = pod.Metadata.DeletionTimestamp is not null || pod.Status.Phase is "Succeeded" or "Failed" or "Pending";
        var budgets = ends ? [] : await BudgetsOfAsync(request.Namespace, pod.Metadata.Labels, cancellationToken);
        if (budgets.Count > 1)
        {
            throw new KubeStatusException(Statuses.InternalError("This pod has more than one PodDisruptionBudget, which the eviction subresource does not support."));
        }

        if (budgets.Count == 1 && !MayIgnore(budgets[0], pod))
        {
            await TakeDisruptionAsync(request, budgets[0].Metadata.Name, cancellationToken);
        }

        // The disruption was allowed for this Pod, not for one that took its name since.
        options = options with { Preconditions = (options.Preconditions ?? new Coxswain.Api.Meta.V1.Preconditions()) with { Uid = pod.Metadata.Uid } };
        await deleter.DeleteAsync(request with { Subresource = "" }, options, cancellationToken);
        return Answers.Success(201);
    }

    /// <summary>A Pod that is not ready is not among the healthy ones that the budget counts.</summary>
    private static bool MayIgnore(PodDisruptionBudget budget, Pod pod) =>
        !pod.Status.Conditions.Any(condition => condition is { Type: "Ready", Status: "True" })
        && (budget.Spec.UnhealthyPodEvictionPolicy == "AlwaysAllow"
            || (budget.Status.DesiredHealthy > 0 && budget.Status.CurrentHealthy >= budget.Status.DesiredHealthy
                && budget.Status.ObservedGeneration >= budget.Metadata.Generation));

    private async ValueTask<List<PodDisruptionBudget>> BudgetsOfAsync(
        string @namespace, IReadOnlyDictionary<string, string> labels, CancellationToken cancellationToken)
    {
        var prefix = resources.Of<PodDisruptionBudget>().Prefix(@namespace);
        var list = await store.ListAsync(new ListQuery(prefix), cancellationToken);
        return [.. list.Entries.Select(entry => KubeJson.Deserialize<PodDisruptionBudget>(entry.Value.Span))
            .Where(budget => Coxswain.Api.Selectors.LabelSelector.From(budget.Spec.Selector).Matches(labels))];
    }

    /// <summary>
    /// Counts the disruption against the budget, so that a second eviction sees it before the controller does. Asked again when
    /// another writer came first, so two evictions never take the same disruption.
    /// </summary>
    private async ValueTask TakeDisruptionAsync(ApiRequest request, string budget, CancellationToken cancellationToken)
    {
        var update = request with { Verb = "update", Resource = resources.Of<PodDisruptionBudget>(), Name = budget, Subresource = "status" };
        await updater.UpdateAsync(update, document =>
        {
            var status = document.ObjectOrNew("status");
            if ((status.Integer("observedGeneration") ?? 0) < (document.Metadata().Integer("generation") ?? 0))
            {
                throw TooMany($"The disruption budget {budget} is still being processed by the server.");
            }

            var allowed = status.Integer("disruptionsAllowed") ?? 0;
            if (allowed <= 0)
            {
                throw TooMany($"The disruption budget {budget} needs {status.Integer("desiredHealthy") ?? 0} healthy pods and has "
                    + $"{status.Integer("currentHealthy") ?? 0} currently");
            }

            var disrupted = status.ObjectOrNew("disruptedPods");
            if (disrupted.Count >= MostDisrupted)
            {
                throw new KubeStatusException(Statuses.Forbidden("poddisruptionbudgets.policy", budget,
                    "DisruptedPods map too big - too many evictions not confirmed by PDB controller"));
            }

            status["disruptionsAllowed"] = allowed - 1;
            disrupted[request.Name] = KubeTime.Format(time.GetUtcNow());
            return document;
        }, cancellationToken);
    }

    private static KubeStatusException TooMany(string why) =>
        new(Statuses.TooManyRequests("Cannot evict pod as it would violate the pod's disruption budget.", RetryAfterSeconds) with
        {
            Details = new StatusDetails
            {
                RetryAfterSeconds = RetryAfterSeconds,
                Causes = [new StatusCause { Reason = "DisruptionBudget", Message = why }],
            },
        });
}
