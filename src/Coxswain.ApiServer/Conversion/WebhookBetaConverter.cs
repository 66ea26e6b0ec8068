using System.Text.Json.Nodes;
using Coxswain.Api.Json;
using Coxswain.ApiServer.Resources;

namespace Coxswain.ApiServer.Conversion;

/// <summary>admissionregistration.k8s.io/v1beta1: webhooks that were silent meant to be lenient.</summary>
internal sealed class WebhookBetaConverter : IVersionConverter
{
    private const int TimeoutSeconds = 30;

    public JsonObject ToStored(JsonObject document)
    {
        foreach (var webhook in (document.Array("webhooks") ?? []).OfType<JsonObject>())
        {
            SetDefault(webhook, "failurePolicy", "Ignore");
            SetDefault(webhook, "matchPolicy", "Exact");
            SetDefault(webhook, "sideEffects", "Unknown");
            SetDefault(webhook, "timeoutSeconds", TimeoutSeconds);
            SetDefault(webhook, "admissionReviewVersions", new JsonArray("v1beta1"));
        }

        return document;
    }

    public JsonObject FromStored(JsonObject document) => document;

    private static void SetDefault(JsonObject webhook, string name, JsonNode value)
    {
        if (webhook[name] is null)
        {
            webhook[name] = value;
        }
    }
}
