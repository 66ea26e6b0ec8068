using System.Text.Json.Nodes;
using Coxswain.Api.Errors;
using Coxswain.Api.Json;
using Coxswain.Api.Resources;
using Coxswain.ApiServer.Admission.Expressions;
using Coxswain.ApiServer.Resources;

namespace Coxswain.ApiServer.Admission.Policies;

/// <summary>The rules for ValidatingAdmissionPolicies and MutatingAdmissionPolicies: above all, that their expressions compile.</summary>
internal sealed class PolicyRules(bool mutates) : ResourceRules
{
    public override bool TracksGeneration => true;

    public override IEnumerable<FieldError> Validate(JsonObject document, JsonObject? old, ApiResource asked)
    {
        var spec = document.Object("spec") ?? [];
        if (spec.Object("matchConstraints") is not { } constraints)
        {
            yield return FieldError.Required("spec.matchConstraints");
        }
        else if (constraints.Array("resourceRules") is not { Count: > 0 })
        {
            yield return FieldError.Required("spec.matchConstraints.resourceRules");
        }

        foreach (var error in Choices(spec).Concat(mutates ? Mutations(spec) : Validations(spec)).Concat(Variables(spec)).Concat(MatchCondition.CheckAll(spec, "spec.")))
        {
            yield return error;
        }

        foreach (var (field, source, issue) in PolicyDefinition.Read(document).Expressions())
        {
            if (string.IsNullOrWhiteSpace(source))
            {
                yield return FieldError.Required(field, "expression is not specified");
            }
            else if (issue is not null)
            {
                yield return FieldError.Invalid(field, source, issue);
            }
        }
    }

    private static IEnumerable<FieldError> Choices(JsonObject spec)
    {
        if (spec.Text("failurePolicy") is { Length: > 0 } failure && failure is not ("Fail" or "Ignore"))
        {
            yield return FieldError.NotSupported("spec.failurePolicy", failure, ["Fail", "Ignore"]);
        }

        if (spec.Object("paramKind") is { } kind)
        {
            foreach (var name in (string[])["apiVersion", "kind"])
            {
                if (kind.Text(name).Length == 0)
                {
                    yield return FieldError.Required($"spec.paramKind.{name}");
                }
            }
        }
    }

    private static IEnumerable<FieldError> Validations(JsonObject spec)
    {
        if (spec.Array("validations") is not { Count: > 0 } && spec.Array("auditAnnotations") is not { Count: > 0 })
        {
            yield return FieldError.Required("spec.validations", "validations or auditAnnotations must contain at least one item");
            yield return FieldError.Required("spec.auditAnnotations", "validations or auditAnnotations must contain at least one item");
        }

        var validations = (spec.Array("validations") ?? []).OfType<JsonObject>().ToList();
        for (var i = 0; i < validations.Count; i++)
        {
            if (validations[i].Text("message").Contains('\n'))
            {
                yield return FieldError.Invalid($"spec.validations[{i}].message", validations[i].Text("message"), "message must not contain line breaks");
            }

            if (validations[i].Text("reason") is { Length: > 0 } reason && reason is not ("Unauthorized" or "Forbidden" or "Invalid" or "RequestEntityTooLarge"))
            {
                yield return FieldError.NotSupported(
                    $"spec.validations[{i}].reason", reason, ["Forbidden", "Invalid", "RequestEntityTooLarge", "Unauthorized"]);
            }
        }

        var keys = new HashSet<string>(StringComparer.Ordinal);
        var annotations = (spec.Array("auditAnnotations") ?? []).OfType<JsonObject>().ToList();
        for (var i = 0; i < annotations.Count; i++)
        {
            if (annotations[i].Text("key") is not { Length: > 0 } key)
            {
                yield return FieldError.Required($"spec.auditAnnotations[{i}].key");
            }
            else if (!keys.Add(key))
            {
                yield return FieldError.Duplicate($"spec.auditAnnotations[{i}].key", key);
            }
        }
    }

    private static IEnumerable<FieldError> Mutations(JsonObject spec)
    {
        if (spec.Text("reinvocationPolicy") is { Length: > 0 } again ? again is not ("Never" or "IfNeeded") : true)
        {
            yield return spec.Text("reinvocationPolicy").Length == 0 ? FieldError.Required("spec.reinvocationPolicy")
                : FieldError.NotSupported("spec.reinvocationPolicy", spec.Text("reinvocationPolicy"), ["IfNeeded", "Never"]);
        }

        var mutations = (spec.Array("mutations") ?? []).OfType<JsonObject>().ToList();
        if (mutations.Count == 0)
        {
            yield return FieldError.Required("spec.mutations", "mutations must contain at least one item");
        }

        for (var i = 0; i < mutations.Count; i++)
        {
            var type = mutations[i].Text("patchType");
            if (type is not ("ApplyConfiguration" or "JSONPatch"))
            {
                yield return FieldError.NotSupported($"spec.mutations[{i}].patchType", type, ["ApplyConfiguration", "JSONPatch"]);
            }
            else if (type == "JSONPatch" ? mutations[i].Object("applyConfiguration") is not null : mutations[i].Object("jsonPatch") is not null)
            {
                yield return FieldError.Invalid($"spec.mutations[{i}].patchType", type, "must say what its type needs, and nothing of the other");
            }
        }
    }

    private static IEnumerable<FieldError> Variables(JsonObject spec)
    {
        var names = new HashSet<string>(StringComparer.Ordinal);
        var variables = (spec.Array("variables") ?? []).OfType<JsonObject>().ToList();
        for (var i = 0; i < variables.Count; i++)
        {
            if (variables[i].Text("name") is not { Length: > 0 } name || !name.All(c => char.IsAsciiLetterOrDigit(c) || c == '_') || char.IsAsciiDigit(name[0]))
            {
                yield return FieldError.Invalid($"spec.variables[{i}].name", variables[i].Text("name"), "name is not a valid CEL identifier");
            }
            else if (!names.Add(name))
            {
                yield return FieldError.Duplicate($"spec.variables[{i}].name", name);
            }
        }
    }
}
