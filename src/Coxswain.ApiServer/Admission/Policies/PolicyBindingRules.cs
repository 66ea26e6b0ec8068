using System.Text.Json.Nodes;
using Coxswain.Api.Errors;
using Coxswain.Api.Json;
using Coxswain.Api.Resources;
using Coxswain.ApiServer.Documents;
using Coxswain.ApiServer.Resources;

namespace Coxswain.ApiServer.Admission.Policies;

/// <summary>The rules for the bindings of policies.</summary>
internal sealed class PolicyBindingRules(bool mutates) : ResourceRules
{
    private static readonly string[] Actions = ["Audit", "Deny", "Warn"];

    public override bool TracksGeneration => true;

    public override IEnumerable<FieldError> Validate(JsonObject document, JsonObject? old, ApiResource asked)
    {
        var spec = document.Object("spec") ?? [];
        if (spec.Text("policyName").Length == 0)
        {
            yield return FieldError.Required("spec.policyName");
        }

        if (spec.Object("paramRef") is { } reference)
        {
            if (reference.Text("name").Length > 0 == (reference.Object("selector") is not null))
            {
                yield return reference.Object("selector") is null ? FieldError.Required("spec.paramRef", "one of name or selector must be specified")
                    : FieldError.Forbidden("spec.paramRef.name", "name and selector are mutually exclusive");
            }

            if (reference.Text("parameterNotFoundAction") is not ("Allow" or "Deny"))
            {
                yield return reference.Text("parameterNotFoundAction") is { Length: > 0 } action
                    ? FieldError.NotSupported("spec.paramRef.parameterNotFoundAction", action, ["Allow", "Deny"])
                    : FieldError.Required("spec.paramRef.parameterNotFoundAction");
            }
        }

        foreach (var error in mutates ? [] : ActionErrors([.. spec["validationActions"].Texts()]))
        {
            yield return error;
        }
    }

    private static IEnumerable<FieldError> ActionErrors(List<string> actions)
    {
        const string Field = "spec.validationActions";
        if (actions.Count == 0)
        {
            yield return FieldError.Required(Field, "at least one validation action is required");
        }

        for (var i = 0; i < actions.Count; i++)
        {
            if (!Actions.Contains(actions[i]))
            {
                yield return FieldError.NotSupported($"{Field}[{i}]", actions[i], Actions);
            }
            else if (actions.IndexOf(actions[i]) < i)
            {
                yield return FieldError.Duplicate($"{Field}[{i}]", actions[i]);
            }
        }

        if (actions.Contains("Deny") && actions.Contains("Warn"))
        {
            yield return FieldError.Invalid(
                Field, actions,
                "must not contain both Deny and Warn (repeating the same validation failure information in the API response and headers serves no purpose)");
        }
    }
}
