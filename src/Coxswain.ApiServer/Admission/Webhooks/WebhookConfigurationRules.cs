using System.Text.Json.Nodes;
using Coxswain.Api.Errors;
using Coxswain.Api.Json;
using Coxswain.Api.Resources;
using Coxswain.Api.Validation;
using Coxswain.ApiServer.Admission.Expressions;
using Coxswain.ApiServer.Resources;
using Coxswain.Cel.Types;

namespace Coxswain.ApiServer.Admission.Webhooks;

/// <summary>The configurations of admission webhooks, mutating and validating ones alike.</summary>
internal sealed class WebhookConfigurationRules : ResourceRules
{
    public override bool TracksGeneration => true;

    public override bool AllowsUnconditionalUpdate => false;

    public override IEnumerable<FieldError> Validate(JsonObject document, JsonObject? old, ApiResource asked)
    {
        var errors = WebhookValidation.Check(
            document, mayHaveEffects: asked.Version == "v1beta1" || (old is not null && WebhookValidation.MayHaveEffects(old)));
        return errors.Concat((document.Array("webhooks") ?? []).OfType<JsonObject>().SelectMany((webhook, i) => ConditionErrors(webhook, $"webhooks[{i}].")));
    }

    private static IEnumerable<FieldError> ConditionErrors(JsonObject webhook, string path)
    {
        foreach (var error in MatchCondition.CheckAll(webhook, path))
        {
            yield return error;
        }

        var conditions = MatchCondition.ReadAll(webhook, AdmissionScope.Webhook);
        for (var i = 0; i < conditions.Count; i++)
        {
            if (MatchCondition.IssueOf(conditions[i].Compilation, CelType.Bool) is { } issue)
            {
                yield return FieldError.Invalid($"{path}matchConditions[{i}].expression", conditions[i].Compilation.Source, issue);
            }
        }
    }
}
