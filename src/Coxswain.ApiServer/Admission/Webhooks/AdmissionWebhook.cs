using System.Text.Json.Nodes;
using Coxswain.Api.Json;
using Coxswain.ApiServer.Admission.Expressions;
using Coxswain.ApiServer.Admission.Matching;
using Coxswain.ApiServer.Documents;
using Coxswain.ApiServer.Webhooks;

namespace Coxswain.ApiServer.Admission.Webhooks;

/// <summary>One webhook of a configuration, read.</summary>
internal sealed record AdmissionWebhook(string Name, WebhookTarget Target, MatchCriteria Criteria)
{
    private const int DefaultTimeoutSeconds = 10;

    /// <summary>What must hold beside the rules and selectors.</summary>
    public IReadOnlyList<MatchCondition> Conditions { get; init; } = [];

    /// <summary>A write goes on when the webhook cannot be asked.</summary>
    public bool IgnoresFailure { get; init; }

    /// <summary>Asked again when somebody changed the object after it.</summary>
    public bool IsReinvoked { get; init; }

    public bool AllowsDryRun { get; init; }

    public TimeSpan Timeout { get; init; }

    /// <summary>The version of AdmissionReview it reads.</summary>
    public string ReviewVersion { get; init; } = "v1";

    public static AdmissionWebhook Read(JsonObject webhook) => new(
        webhook.Text("name"), WebhookTarget.Of(webhook.Object("clientConfig") ?? []),
        MatchCriteria.Read(webhook, "rules"))
    {
        Conditions = MatchCondition.ReadAll(webhook, AdmissionScope.Webhook),
        IgnoresFailure = webhook.Text("failurePolicy") == "Ignore",
        IsReinvoked = webhook.Text("reinvocationPolicy") == "IfNeeded",
        AllowsDryRun = webhook.Text("sideEffects") is "None" or "NoneOnDryRun",
        Timeout = TimeSpan.FromSeconds(webhook.Integer("timeoutSeconds") ?? DefaultTimeoutSeconds),
        ReviewVersion = webhook["admissionReviewVersions"].Texts().FirstOrDefault(version => version is "v1" or "v1beta1") ?? "v1",
    };
}
