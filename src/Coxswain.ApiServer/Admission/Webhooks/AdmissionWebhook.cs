using System.Text.Json.Nodes;
using Coxswain.Api.Json;
using Coxswain.Api.Selectors;
using Coxswain.ApiServer.Documents;
using Coxswain.ApiServer.Webhooks;
using V1LabelSelector = Coxswain.Api.Meta.V1.LabelSelector;

namespace Coxswain.ApiServer.Admission.Webhooks;

/// <summary>One webhook of a configuration, read.</summary>
internal sealed record AdmissionWebhook(string Name, WebhookTarget Target, IReadOnlyList<WebhookRule> Rules)
{
    private const int DefaultTimeoutSeconds = 10;

    public required LabelSelector Namespaces { get; init; }

    public required LabelSelector Objects { get; init; }

    /// <summary>A write goes on when the webhook cannot be asked.</summary>
    public bool IgnoresFailure { get; init; }

    /// <summary>Rules are meant for other versions of the same resource too, and the webhook is shown the one it names.</summary>
    public bool MatchesEquivalent { get; init; }

    /// <summary>Asked again when somebody changed the object after it.</summary>
    public bool IsReinvoked { get; init; }

    public bool AllowsDryRun { get; init; }

    public TimeSpan Timeout { get; init; }

    /// <summary>The version of AdmissionReview it reads.</summary>
    public string ReviewVersion { get; init; } = "v1";

    public static AdmissionWebhook Read(JsonObject webhook) => new(
        webhook.Text("name"), WebhookTarget.Of(webhook.Object("clientConfig") ?? []),
        [.. (webhook.Array("rules") ?? []).OfType<JsonObject>().Select(WebhookRule.Read)])
    {
        Namespaces = Selector(webhook.Object("namespaceSelector")),
        Objects = Selector(webhook.Object("objectSelector")),
        IgnoresFailure = webhook.Text("failurePolicy") == "Ignore",
        MatchesEquivalent = webhook.Text("matchPolicy") != "Exact",
        IsReinvoked = webhook.Text("reinvocationPolicy") == "IfNeeded",
        AllowsDryRun = webhook.Text("sideEffects") is "None" or "NoneOnDryRun",
        Timeout = TimeSpan.FromSeconds(webhook.Integer("timeoutSeconds") ?? DefaultTimeoutSeconds),
        ReviewVersion = webhook["admissionReviewVersions"].Texts().FirstOrDefault(version => version is "v1" or "v1beta1") ?? "v1",
    };

    /// <summary>No selector and an empty one both mean everything.</summary>
    private static LabelSelector Selector(JsonObject? selector) => selector is null or { Count: 0 }
        ? LabelSelector.Everything : LabelSelector.From(KubeJson.Deserialize<V1LabelSelector>(Document.Utf8(selector)));
}
