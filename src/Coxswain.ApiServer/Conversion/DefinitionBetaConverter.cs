using System.Text.Json.Nodes;
using Coxswain.Api.Json;
using Coxswain.ApiServer.Resources;

namespace Coxswain.ApiServer.Conversion;

/// <summary>
/// apiextensions.k8s.io/v1beta1: what all versions share stands once, at the top; a schema may be missing, and unknown
/// fields are kept unless it says otherwise.
/// </summary>
internal sealed class DefinitionBetaConverter : IVersionConverter
{
    public JsonObject ToStored(JsonObject document)
    {
        var spec = document.ObjectOrNew("spec");
        var preserves = spec.Truth("preserveUnknownFields") != false;
        if (spec.Array("versions") is not { Count: > 0 } versions)
        {
            spec["versions"] = versions = [new JsonObject { ["name"] = spec.Text("version"), ["served"] = true, ["storage"] = true }];
        }

        foreach (var version in versions.OfType<JsonObject>())
        {
            Share(spec, "validation", version, "schema");
            Share(spec, "subresources", version, "subresources");
            Share(spec, "additionalPrinterColumns", version, "additionalPrinterColumns");
            foreach (var column in (version.Array("additionalPrinterColumns") ?? []).OfType<JsonObject>())
            {
                column.Move("JSONPath", "jsonPath");
            }

            var schema = version.ObjectOrNew("schema").ObjectOrNew("openAPIV3Schema");
            if (preserves)
            {
                // Of before, and so said where today's version says it.
                schema["x-kubernetes-preserve-unknown-fields"] = true;
            }

            if (schema.Text("type").Length == 0)
            {
                schema["type"] = "object";
            }
        }

        foreach (var name in (ReadOnlySpan<string>)["version", "validation", "subresources", "additionalPrinterColumns", "preserveUnknownFields"])
        {
            spec.Remove(name);
        }

        if (spec.Text("scope").Length == 0)
        {
            spec["scope"] = "Namespaced";
        }

        if (spec.Object("conversion") is { } conversion && (conversion.ContainsKey("webhookClientConfig") || conversion.ContainsKey("conversionReviewVersions")))
        {
            var webhook = conversion.ObjectOrNew("webhook");
            conversion.MoveTo("webhookClientConfig", webhook, "clientConfig");
            conversion.MoveTo("conversionReviewVersions", webhook, "conversionReviewVersions");
            webhook["conversionReviewVersions"] ??= new JsonArray("v1beta1");
        }

        return document;
    }

    public JsonObject FromStored(JsonObject document)
    {
        var spec = document.ObjectOrNew("spec");
        var versions = (spec.Array("versions") ?? []).OfType<JsonObject>().ToList();
        foreach (var column in versions.SelectMany(version => version.Array("additionalPrinterColumns") ?? []).OfType<JsonObject>())
        {
            column.Move("jsonPath", "JSONPath");
        }

        if (versions.Count > 0)
        {
            spec["version"] = versions[0].Text("name");
        }

        if (spec.Object("conversion")?.Object("webhook") is { } webhook)
        {
            var conversion = spec.ObjectOrNew("conversion");
            conversion.Remove("webhook");
            webhook.MoveTo("clientConfig", conversion, "webhookClientConfig");
            webhook.MoveTo("conversionReviewVersions", conversion, "conversionReviewVersions");
        }

        spec["preserveUnknownFields"] = false;
        return document;
    }

    private static void Share(JsonObject spec, string from, JsonObject version, string to)
    {
        if (spec[from] is { } shared && version[to] is null)
        {
            version[to] = shared.DeepClone();
        }
    }
}
