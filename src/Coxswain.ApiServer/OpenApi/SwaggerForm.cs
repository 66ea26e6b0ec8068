using System.Text.Json.Nodes;
using Coxswain.Api.Json;

namespace Coxswain.ApiServer.OpenApi;

/// <summary>
/// A custom resource's schema as version 2 of OpenAPI can say it. Clients hold what they send against that document, so
/// what it has no words for (null, alternatives, unknown fields that are kept) must not be refused by what it does say.
/// </summary>
internal static class SwaggerForm
{
    private const string Preserves = "x-kubernetes-preserve-unknown-fields";

    private static readonly string[] NotInSwagger = ["allOf", "anyOf", "oneOf", "not", "nullable"];

    /// <summary>Of a kind: one that keeps unknown fields at its root says nothing of its fields.</summary>
    public static JsonObject OfRoot(JsonObject schema) =>
        schema.Truth(Preserves) == true ? new JsonObject { ["type"] = "object" } : Of(schema);

    private static JsonObject Of(JsonObject schema)
    {
        var result = new JsonObject();
        var isOpen = schema.Truth(Preserves) == true || schema.Truth("nullable") == true;
        foreach (var (name, value) in schema)
        {
            if (NotInSwagger.Contains(name) || value is null
                || (isOpen && name is "properties" or "items" or "additionalProperties" or "required")
                || (name == "type" && schema.Truth("nullable") == true))
            {
                continue;
            }

            result[name] = (name, value) switch
            {
                ("properties", JsonObject properties) => new JsonObject(properties.Select(property =>
                    KeyValuePair.Create<string, JsonNode?>(property.Key, property.Value is JsonObject child ? Of(child) : property.Value?.DeepClone()))),
                ("items" or "additionalProperties", JsonObject child) => Of(child),
                _ => value.DeepClone(),
            };
        }

        return result;
    }
}
