using System.Text.Json.Nodes;
using Coxswain.Api.Errors;
using Coxswain.Api.Json;
using Coxswain.Api.Resources;
using Coxswain.Api.Validation;

namespace Coxswain.ApiServer.Resources.Rules;

/// <summary>The configurations of admission webhooks, mutating and validating ones alike.</summary>
internal sealed class WebhookConfigurationRules : ResourceRules
{
    public override bool TracksGeneration => true;

    public override bool AllowsUnconditionalUpdate => false;

    public override IEnumerable<FieldError> Validate(JsonObject document, JsonObject? old, ApiResource asked) =>
        WebhookValidation.Check(document, mayHaveEffects: asked.Version == "v1beta1" || (old is not null && WebhookValidation.MayHaveEffects(old)));

    public override IEnumerable<string> Warnings(JsonObject document)
    {
        if ((document.Array("webhooks") ?? []).OfType<JsonObject>().Any(webhook => webhook.Array("matchConditions") is { Count: > 0 }))
        {
            yield return "matchConditions are stored, but this cluster does not evaluate them: the webhook is asked about everything its rules and selectors match";
        }
    }
}
