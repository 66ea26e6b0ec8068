using System.Text.Json;
using System.Text.Json.Nodes;
using Coxswain.Api.Errors;
using Coxswain.Api.Json;
using Coxswain.Api.Meta.V1;
using Coxswain.ApiServer.Admission.Expressions;
using Coxswain.ApiServer.Admission.Matching;
using Coxswain.ApiServer.Documents;
using Coxswain.ApiServer.Resources;
using Coxswain.ApiServer.Webhooks;

namespace Coxswain.ApiServer.Admission.Webhooks;

/// <summary>Decides whether a webhook is asked about a write, asks it (AdmissionReview), and reads its verdict.</summary>
internal sealed class WebhookCaller(RequestMatcher matcher, EvaluationSource evaluations, WebhookClient client, IdentitySource identities)
{
    /// <summary>The version of the resource in which a webhook wants to see the write; null when it does not want to.</summary>
    /// <exception cref="KubeStatusException">Whether it wants to could not be told, and the webhook must not be passed over.</exception>
    public async ValueTask<ServedResource?> MatchAsync(AdmissionWebhook webhook, AdmissionContext context, CancellationToken cancellationToken)
    {
        var version = await matcher.MatchAsync(webhook.Criteria, context, cancellationToken);
        if (version is null || webhook.Conditions.Count == 0)
        {
            return version;
        }

        var evaluation = await evaluations.BeginAsync(context, version, MatchCondition.MostCost, cancellationToken);
        var verdict = await MatchCondition.HoldAsync(webhook.Conditions, evaluation, cancellationToken);
        return verdict switch
        {
            { Error: { } error } when !webhook.IgnoresFailure =>
                throw new KubeStatusException(Statuses.Forbidden(context.Request.Resource.QualifiedName, context.Request.Name, error)),
            { Holds: true } => version,
            _ => null,
        };
    }

    /// <returns>Null when the webhook could not be asked and its failures do not count.</returns>
    /// <exception cref="KubeStatusException">The webhook refuses the write, or could not be asked.</exception>
    public async ValueTask<WebhookVerdict?> AskAsync(
        AdmissionWebhook webhook, AdmissionContext context, ServedResource version, CancellationToken cancellationToken)
    {
        if (context.Request.DryRun && !webhook.AllowsDryRun)
        {
            throw new KubeStatusException(Statuses.BadRequest($"admission webhook \"{webhook.Name}\" does not support dry run"));
        }

        try
        {
            var request = await AdmissionRequestDocument.MakeAsync(context, version, identities.NewUid(), cancellationToken);
            var apiVersion = $"admission.k8s.io/{webhook.ReviewVersion}";
            var review = new JsonObject { ["kind"] = "AdmissionReview", ["apiVersion"] = apiVersion, ["request"] = request };
            var answer = await client.CallAsync(webhook.Target, review, webhook.Timeout, cancellationToken);
            return ReadAnswer(webhook, answer, request.Text("uid"), apiVersion);
        }
        catch (WebhookException exception)
        {
            return webhook.IgnoresFailure ? null : throw new KubeStatusException(Statuses.InternalError(
                $"failed calling webhook \"{webhook.Name}\": failed to call webhook: {exception.Message}"));
        }
    }

    private static WebhookVerdict ReadAnswer(AdmissionWebhook webhook, JsonObject answer, string uid, string apiVersion)
    {
        if (answer.Text("kind") != "AdmissionReview" || answer.Text("apiVersion") != apiVersion)
        {
            throw new WebhookException(
                $"expected webhook response of {apiVersion}, Kind=AdmissionReview, got {answer.Text("apiVersion")}, Kind={answer.Text("kind")}");
        }

        var response = answer.Object("response") ?? throw new WebhookException("webhook response did not contain a response");
        if (response.Text("uid") != uid)
        {
            throw new WebhookException($"expected response.uid=\"{uid}\", got \"{response.Text("uid")}\"");
        }

        if (response.Truth("allowed") != true)
        {
            throw new KubeStatusException(Refusal(webhook, response.Object("status")));
        }

        var warnings = response["warnings"].Texts().ToList();
        if (response.Text("patch") is not { Length: > 0 } patch)
        {
            return new WebhookVerdict(null, warnings);
        }

        if (response.Text("patchType") != "JSONPatch")
        {
            throw new WebhookException($"webhook returned response.patch but not response.patchType=JSONPatch: \"{response.Text("patchType")}\"");
        }

        try
        {
            return new WebhookVerdict(KubeJson.ParseNode(Convert.FromBase64String(patch), KubeJson.MaxDepth), warnings);
        }
        catch (Exception exception) when (exception is FormatException or JsonException)
        {
            throw new WebhookException($"the patch cannot be read: {exception.Message}", exception);
        }
    }

    private static Status Refusal(AdmissionWebhook webhook, JsonObject? said)
    {
        var by = $"admission webhook \"{webhook.Name}\" denied the request";
        var why = said?.Text("message") is { Length: > 0 } message ? $": {message}" : said?.Text("reason") is { Length: > 0 } reason ? $": {reason}" : " without explanation";
        return new Status
        {
            StatusValue = "Failure",
            Message = by + why,
            Reason = said?.Text("reason") ?? "",
            Code = (int)Math.Clamp(said?.Integer("code") ?? 0, 400, 599),
        };
    }
}

/// <param name="Patch">What a mutating webhook wants changed (RFC 6902); null for nothing.</param>
internal sealed record WebhookVerdict(JsonNode? Patch, IReadOnlyList<string> Warnings);
