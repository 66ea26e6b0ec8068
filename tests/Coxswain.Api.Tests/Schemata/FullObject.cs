using System.Text.Json.Nodes;
using Coxswain.Api.Kinds;
using Coxswain.Api.Schemata;

namespace Coxswain.Api.Tests;

/// <summary>Makes a document with every field of a schema set to something that is not its zero.</summary>
internal static class FullObject
{
    /// <summary>Types inside themselves end here.</summary>
    private const int MaxDepth = 14;

    private static readonly Lazy<Dictionary<Schema,
        ObjectKind>> Kinds = new(() => KubeTypes.AllObjects.Concat(KubeTypes.AllOthers)
        .ToDictionary(kind => Schemas.Find(kind)!, kind => kind));

    public static JsonNode Of(Schema schema) => Make(schema, 0, "x")!;

    private static JsonNode? Make(Schema schema, int depth, string name)
    {
        if (depth > MaxDepth && schema.Type is SchemaType.Struct or SchemaType.List or SchemaType.Map)
        {
            return null;
        }

        switch (schema.Type)
        {
            case SchemaType.Struct:
                var properties = new JsonObject();
                foreach (var field in schema.Fields)
                {
                    if (Make(field.Schema, schema.TypeName.EndsWith("JSONSchemaProps", StringComparison.Ordinal)
                        ? depth + 5 : depth + 1, field.Name) is { } value)
                    {
                        properties[field.Name] = value;
                    }
                }

                if (Kinds.Value.TryGetValue(schema, out var kind))
                {
                    // A typed object inside another always says what it is.
                    properties["apiVersion"] = kind.ApiVersion;
                    properties["kind"] = kind.Kind;
                }

                return properties;
            case SchemaType.List:
                return Make(schema.Item!, depth + 1, name) is { } item ? new JsonArray(item) : null;
            case SchemaType.Map:
                return Make(schema.Item!, depth + 1, name) is { } entry ? new JsonObject { ["key"] = entry } : null;
            default:
                return Scalar(schema, name);
        }
    }

    private static JsonNode Scalar(Schema schema, string name) => schema.Type switch
    {
        SchemaType.String => schema.Enum.FirstOrDefault(value => value.Length > 0) ?? name + "-value",
        SchemaType.Boolean => true,
        SchemaType.Int32 => 7L,
        SchemaType.Int64 => 7_000_000_000L,
        SchemaType.Double => 0.5,
        SchemaType.Bytes => "aGVsbG8=",
        SchemaType.Quantity => "1536Mi",
        SchemaType.IntOrString => "25%",
        SchemaType.Time => "2024-05-06T07:08:09Z",
        SchemaType.MicroTime => "2024-05-06T07:08:09.123456Z",
        SchemaType.Duration => "1h30m0s",
        SchemaType.Raw => new JsonObject { ["any"] = new JsonArray(1L, "two", new JsonObject { ["three"] = true }) },
        _ => throw new InvalidOperationException($"{schema.Type} has no sample"),
    };
}
