using System.Buffers;
using System.Text.Json.Nodes;
using Coxswain.Api.Errors;
using Coxswain.Api.Json;
using Coxswain.Api.Scalars;

namespace Coxswain.Api.Validation;

/// <summary>
/// The rules for CustomResourceDefinitions. They are checked on the document, because that is the form in which schemas are
/// read.
/// </summary>
public static class CustomResourceDefinitionValidation
{
    private const string ApprovalAnnotation = "api-approved.kubernetes.io";

    private static readonly SearchValues<char> NotInDotNotation = SearchValues.Create("[]*?()");

    /// <summary>How many versions one definition may have; each is compiled and kept.</summary>
    private const int MaxVersions = 64;

    public static IReadOnlyList<FieldError> Check(JsonObject document, JsonObject? old)
    {
        var errors = new FieldErrors();
        var spec = document.Object("spec") ?? [];
        CheckNames(errors, document, spec);
        CheckVersions(errors, spec, old);
        CheckConversion(errors, spec.Object("conversion") ?? []);
        if (spec.Truth("preserveUnknownFields") == true && old?.Object("spec")?.Truth("preserveUnknownFields") != true)
        {
            errors.Invalid("spec.preserveUnknownFields", true, "cannot set to true, set x-kubernetes-preserve-unknown-fields to true in spec.versions[*].schema instead");
        }

        if (old is not null)
        {
            CheckUpdate(errors, document, spec, old.Object("spec") ?? []);
        }

        return errors.All;
    }

    private static void CheckNames(FieldErrors errors, JsonObject document, JsonObject spec)
    {
        var metadata = document.Object("metadata") ?? [];
        var apiGroup = spec.Text("group");
        var names = spec.Object("names") ?? [];
        if (apiGroup.Length == 0)
        {
            errors.Required("spec.group");
        }
        else
        {
            errors.Invalid("spec.group", apiGroup, Names.SubdomainErrors(apiGroup));
            if (!apiGroup.Contains('.'))
            {
                errors.Invalid("spec.group", apiGroup, "should be a domain with at least one dot");
            }
        }

        if ($"{names.Text("plural")}.{apiGroup}" is var wanted && metadata.Text("name") != wanted)
        {
            errors.Invalid("metadata.name", metadata.Text("name"), "must be spec.names.plural+\".\"+spec.group");
        }

        if (IsProtected(apiGroup) && (metadata.Object("annotations")?.Text(ApprovalAnnotation) ?? "").Length == 0)
        {
            errors.Required($"metadata.annotations[{ApprovalAnnotation}]",
                $"protected groups must have approval annotation \"{ApprovalAnnotation}\", see https://github.com/kubernetes/enhancements/pull/1111");
        }

        switch (spec.Text("scope"))
        {
            case "":
                errors.Required("spec.scope");
                break;
            case var scope:
                errors.OneOf("spec.scope", scope, "Cluster", "Namespaced");
                break;
        }

        foreach (var name in (ReadOnlySpan<string>)["plural", "singular", "kind", "listKind"])
        {
            var field = $"spec.names.{name}";
            if (names.Text(name) is { Length: > 0 } text)
            {
                var isKind = name is "kind" or "listKind";
                errors.Invalid(field, text, isKind
                    ? [.. Names.Label1035Errors(text.ToLowerInvariant()).Select(error => "may have mixed case, but should otherwise match: " + error)]
                    : Names.Label1035Errors(text));
            }
            else
            {
                errors.Required(field);
            }
        }

        foreach (var list in (ReadOnlySpan<string>)["shortNames", "categories"])
        {
            var items = names.Array(list) ?? [];
            for (var i = 0; i < items.Count; i++)
            {
                var text = items[i].TryText(out var found) ? found : "";
                errors.Invalid($"spec.names.{list}[{i}]", text, Names.Label1035Errors(text));
            }
        }

        if (names.Text("kind") is { Length: > 0 } kind && kind == names.Text("listKind"))
        {
            errors.Invalid("spec.names.listKind", kind, "kind and listKind may not be the same");
        }
    }

    private static bool IsProtected(string apiGroup) =>
        apiGroup is "k8s.io" or "kubernetes.io"
        || apiGroup.EndsWith(".k8s.io", StringComparison.Ordinal) || apiGroup.EndsWith(".kubernetes.io", StringComparison.Ordinal);

    private static void CheckVersions(FieldErrors errors, JsonObject spec, JsonObject? old)
    {
        var versions = (spec.Array("versions") ?? []).OfType<JsonObject>().ToList();
        if (versions.Count > MaxVersions)
        {
            errors.Add(FieldError.TooMany("spec.versions", versions.Count, MaxVersions));
            return;
        }

        if (versions.Count(version => version.Truth("storage") == true) != 1)
        {
            errors.Invalid("spec.versions", Shown(versions), "must have exactly one version marked as storage version");
        }

        if (versions.DistinctBy(version => version.Text("name")).Count() < versions.Count)
        {
            errors.Invalid("spec.versions", Shown(versions), "must contain unique version names");
        }

        var before = (old?.Object("spec")?.Array("versions") ?? []).OfType<JsonObject>().ToLookup(version => version.Text("name"));
        var schemas = versions.Select(version => version.Object("schema")?.Object("openAPIV3Schema")).ToList();
        var isShared = schemas.All(schema => schema is not null && JsonEquality.Equal(schema, schemas[0]));
        for (var i = 0; i < versions.Count; i++)
        {
            var field = $"spec.versions[{i}]";
            errors.Invalid($"{field}.name", versions[i].Text("name"), Names.Label1035Errors(versions[i].Text("name")));
            if (versions[i].Text("deprecationWarning").Length > 256)
            {
                errors.Invalid($"{field}.deprecationWarning", versions[i].Text("deprecationWarning"), "must be <= 256 UTF-8 bytes");
            }

            CheckScale(errors, versions[i].Object("subresources")?.Object("scale"), $"{field}.subresources.scale");
            CheckColumns(errors, versions[i].Array("additionalPrinterColumns") ?? [], $"{field}.additionalPrinterColumns");
            CheckSelectable(errors, versions[i].Array("selectableFields") ?? [], $"{field}.selectableFields");
            if (schemas[i] is not { } schema)
            {
                if (old is null || before[versions[i].Text("name")].Any(version => version.Object("schema") is not null))
                {
                    errors.Required($"{field}.schema.openAPIV3Schema", "schemas are required");
                }
            }
            else if (!isShared || i == 0)
            {
                // Kubernetes names a schema that all versions share by the place it had before there were several.
                var path = new FieldPath();
                path.Push(isShared ? "spec.validation.openAPIV3Schema" : $"{field}.schema.openAPIV3Schema");
                new StructuralSchemaValidation(errors, path).CheckRoot(schema);
            }
        }
    }

    private static void CheckScale(FieldErrors errors, JsonObject? scale, string field)
    {
        if (scale is null)
        {
            return;
        }

        CheckPath("specReplicasPath", [".spec."], isRequired: true);
        CheckPath("statusReplicasPath", [".status."], isRequired: true);
        CheckPath("labelSelectorPath", [".spec.", ".status."], isRequired: false);

        void CheckPath(string name, IReadOnlyList<string> beginnings, bool isRequired)
        {
            var path = scale.Text(name);
            if (path.Length == 0)
            {
                if (isRequired)
                {
                    errors.Required($"{field}.{name}");
                }
            }
            else if (path.AsSpan().ContainsAny(NotInDotNotation) || path.Contains("..", StringComparison.Ordinal) || path.EndsWith('.'))
            {
                errors.Invalid($"{field}.{name}", path, "should be a json path in the dot notation");
            }
            else if (!beginnings.Any(beginning => path.StartsWith(beginning, StringComparison.Ordinal)))
            {
                errors.Invalid($"{field}.{name}", path, $"should be a json path under {string.Join(" or ", beginnings.Select(text => text[..^1]))}");
            }
        }
    }

    private static void CheckColumns(FieldErrors errors, JsonArray columns, string field)
    {
        for (var i = 0; i < columns.Count; i++)
        {
            var column = columns[i] as JsonObject ?? [];
            if (column.Text("name").Length == 0)
            {
                errors.Required($"{field}[{i}].name");
            }

            if (column.Text("type").Length == 0)
            {
                errors.Required($"{field}[{i}].type", "must be one of boolean,date,integer,number,string");
            }
            else
            {
                errors.OneOf($"{field}[{i}].type", column.Text("type"), "boolean", "date", "integer", "number", "string");
            }

            CheckJsonPath(errors, $"{field}[{i}].jsonPath", column.Text("jsonPath"));
        }
    }

    private static void CheckSelectable(FieldErrors errors, JsonArray fields, string field)
    {
        const int MaxFields = 8;
        if (fields.Count > MaxFields)
        {
            errors.Add(FieldError.TooMany(field, fields.Count, MaxFields));
        }

        for (var i = 0; i < fields.Count; i++)
        {
            CheckJsonPath(errors, $"{field}[{i}].jsonPath", (fields[i] as JsonObject)?.Text("jsonPath") ?? "");
        }
    }

    private static void CheckJsonPath(FieldErrors errors, string field, string path)
    {
        if (path.Length == 0)
        {
            errors.Required(field);
            return;
        }

        try
        {
            JsonPath.Parse(path);
        }
        catch (FormatException exception)
        {
            errors.Invalid(field, path, $"must be a valid JSON path: {exception.Message}");
        }
    }

    private static void CheckConversion(FieldErrors errors, JsonObject conversion)
    {
        var strategy = conversion.Text("strategy");
        if (strategy.Length > 0)
        {
            errors.OneOf("spec.conversion.strategy", strategy, "None", "Webhook");
        }

        var webhook = conversion.Object("webhook");
        if (strategy != "Webhook")
        {
            if (webhook is not null)
            {
                errors.Forbidden("spec.conversion.webhook", "should not be set when strategy is not set to Webhook");
            }

            return;
        }

        if (webhook?.Object("clientConfig") is not { } client)
        {
            errors.Required("spec.conversion.webhook.clientConfig", "required when strategy is set to Webhook");
        }
        else
        {
            WebhookValidation.CheckClient(errors, client, "spec.conversion.webhook.clientConfig");
        }

        WebhookValidation.CheckReviewVersions(
            errors, webhook?.Array("conversionReviewVersions") ?? [], "spec.conversion.webhook.conversionReviewVersions");
    }

    private static void CheckUpdate(FieldErrors errors, JsonObject document, JsonObject spec, JsonObject old)
    {
        var names = spec.Object("names") ?? [];
        var oldNames = old.Object("names") ?? [];
        errors.Immutable("spec.group", spec.Text("group"), spec.Text("group") == old.Text("group"));
        errors.Immutable("spec.names.plural", names.Text("plural"), names.Text("plural") == oldNames.Text("plural"));
        var conditions = (document.Object("status")?.Array("conditions") ?? []).OfType<JsonObject>();
        if (conditions.Any(condition => condition.Text("type") == "Established" && condition.Text("status") == "True"))
        {
            errors.Immutable("spec.scope", spec.Text("scope"), spec.Text("scope") == old.Text("scope"));
            errors.Immutable("spec.names.kind", names.Text("kind"), names.Text("kind") == oldNames.Text("kind"));
        }

        var stored = document.Object("status")?.Array("storedVersions") ?? [];
        var known = (spec.Array("versions") ?? []).OfType<JsonObject>().Select(version => version.Text("name")).ToHashSet(StringComparer.Ordinal);
        for (var i = 0; i < stored.Count; i++)
        {
            var version = stored[i].TryText(out var text) ? text : "";
            if (!known.Contains(version))
            {
                errors.Invalid($"status.storedVersions[{i}]", version, "missing from spec.versions; "
                    + $"{version} was previously a storage version, and must remain in spec.versions until a storage migration ensures no data remains persisted in {version} and removes {version} from status.storedVersions");
            }
        }
    }

    private static string Shown(List<JsonObject> versions) => string.Join(", ", versions.Select(version => version.Text("name")));
}
