using System.Text.Json.Nodes;
using Coxswain.Api.Errors;
using Coxswain.Api.Json;
using Coxswain.Api.Resources;
using Coxswain.ApiServer.Documents;

namespace Coxswain.ApiServer.Resources.Rules;

/// <summary>An APIService says which server serves a group-version.</summary>
internal sealed class ApiServiceRules : ResourceRules
{
    public override bool AllowsUnconditionalUpdate => false;

    public override IEnumerable<FieldError> Validate(JsonObject document, JsonObject? old, ApiResource asked)
    {
        var spec = document.ObjectOrNew("spec");
        var wanted = $"{spec.Text("version")}.{spec.Text("group")}";
        if (document.Metadata().Text("name") != wanted)
        {
            yield return FieldError.Invalid("metadata.name", document.Metadata().Text("name"), $"must be `spec.version+\".\"+spec.group`: \"{wanted}\"");
        }

        if (spec.Text("version").Length == 0)
        {
            yield return FieldError.Required("spec.version");
        }

        if (spec.Integer("groupPriorityMinimum") is not (> 0 and <= 20000))
        {
            yield return FieldError.Invalid("spec.groupPriorityMinimum", spec.Integer("groupPriorityMinimum") ?? 0, "must be positive and less than 20000");
        }

        if (spec.Integer("versionPriority") is not (> 0 and <= 1000))
        {
            yield return FieldError.Invalid("spec.versionPriority", spec.Integer("versionPriority") ?? 0, "must be positive and less than 1000");
        }

        var hasBundle = spec.Text("caBundle").Length > 0;
        var isInsecure = spec.Truth("insecureSkipTLSVerify") == true;
        if (spec.Object("service") is not { } service)
        {
            if (hasBundle || isInsecure)
            {
                yield return FieldError.Invalid("spec.caBundle", "", "local APIServices may not have a caBundle or insecureSkipTLSVerify");
            }

            yield break;
        }

        foreach (var name in (string[])["namespace", "name"])
        {
            if (service.Text(name).Length == 0)
            {
                yield return FieldError.Required($"spec.service.{name}");
            }
        }

        if (isInsecure && hasBundle)
        {
            yield return FieldError.Invalid("spec.insecureSkipTLSVerify", true, "may not be true if caBundle is present");
        }
    }
}
