using System.Text.Json.Nodes;
using Coxswain.Api;
using Coxswain.Api.Json;
using Coxswain.Api.Schemata;
using Coxswain.ApiServer.Resources;

namespace Coxswain.ApiServer.OpenApi;

/// <summary>Collects the definitions that the schemas of a document refer to, each once.</summary>
internal sealed class DefinitionSet(OpenApiDialect dialect)
{
    /// <summary>Types whose facts call no field optional, because a schema leaves out whatever it does not say.</summary>
    private static readonly string[] AllOptional =
        ["apiextensions/v1.JSONSchemaProps", "apiextensions/v1.ExternalDocumentation", "apiextensions/v1.ValidationRule"];

    private readonly SortedDictionary<string, JsonObject> _definitions = new(StringComparer.Ordinal);
    private readonly Dictionary<string, JsonArray> _kinds = new(StringComparer.Ordinal);
    private readonly Queue<Schema> _pending = new();

    /// <summary>Adds the type of a kind, marked with its group, version and kind.</summary>
    /// <returns>The definition's name.</returns>
    public string AddKind(ServedResource served)
    {
        // A kind that brought its own schema is described by that, word for word.
        var name = served.OpenApiSchema is { } own ? AddOwn(served.Kind, own) : Reference(served.Schema!); // a kind without is not described
        if (!_kinds.TryGetValue(name, out var kinds))
        {
            _kinds.Add(name, kinds = []);
        }

        kinds.Add(GroupVersionKind(served.Kind));
        return name;
    }

    private string AddOwn(ObjectKind kind, JsonObject schema)
    {
        var name = OpenApiNames.Of(kind);
        var definition = dialect.Version3 ? (JsonObject)schema.DeepClone() : SwaggerForm.OfRoot(schema);
        _definitions[name] = definition;
        if (!dialect.Version3 && definition.Count == 1)
        {
            // Open at its root: with any property named, clients would refuse the others.
            return name;
        }

        var properties = definition.ObjectOrNew("properties");
        properties["apiVersion"] = new JsonObject { ["type"] = "string", ["description"] = "APIVersion defines the group and version of the object." };
        properties["kind"] = new JsonObject { ["type"] = "string", ["description"] = "Kind names the type of the object." };
        properties["metadata"] = Use(Schemas.FindType("meta/v1.ObjectMeta")!); // among the facts
        return name;
    }

    public static JsonObject GroupVersionKind(ObjectKind kind) => new()
    {
        ["group"] = kind.Group,
        ["kind"] = kind.Kind,
        ["version"] = kind.Version,
    };

    /// <summary>All that was added and all it refers to.</summary>
    public JsonObject Complete()
    {
        while (_pending.TryDequeue(out var schema))
        {
            _definitions[OpenApiNames.Of(schema)] = Definition(schema);
        }

        foreach (var (name, kinds) in _kinds)
        {
            _definitions[name]["x-kubernetes-group-version-kind"] = kinds;
        }

        return new JsonObject(_definitions.Select(definition => KeyValuePair.Create<string, JsonNode?>(definition.Key, definition.Value)));
    }

    /// <summary>A type where it is used: a scalar in place, a struct by reference.</summary>
    public JsonObject Use(Schema schema) => schema.Type switch
    {
        SchemaType.String => dialect.Version3 && schema.Enum.Count > 0
            ? new JsonObject { ["type"] = "string", ["enum"] = new JsonArray([.. schema.Enum.Select(value => (JsonNode)value)]) }
            : new JsonObject { ["type"] = "string" },
        SchemaType.Boolean => new JsonObject { ["type"] = "boolean" },
        SchemaType.Int32 => new JsonObject { ["type"] = "integer", ["format"] = "int32" },
        SchemaType.Int64 => new JsonObject { ["type"] = "integer", ["format"] = "int64" },
        SchemaType.Double => new JsonObject { ["type"] = "number", ["format"] = "double" },
        SchemaType.Bytes => new JsonObject { ["type"] = "string", ["format"] = "byte" },
        SchemaType.Duration => new JsonObject { ["type"] = "string" },
        SchemaType.Quantity => UseScalar(OpenApiNames.Quantity, null, "number"),
        SchemaType.IntOrString => UseScalar(OpenApiNames.IntOrString, "int-or-string", "integer"),
        SchemaType.Time => UseScalar(OpenApiNames.Time, "date-time", null),
        SchemaType.MicroTime => UseScalar(OpenApiNames.MicroTime, "date-time", null),
        SchemaType.List => new JsonObject { ["type"] = "array", ["items"] = Use(schema.Item!) },
        SchemaType.Map => new JsonObject { ["type"] = "object", ["additionalProperties"] = Use(schema.Item!) },
        SchemaType.Struct => ReferenceTo(Reference(schema)),
        _ => new JsonObject(),
    };

    public JsonObject ReferenceTo(string name) => new() { ["$ref"] = dialect.ReferencePrefix + name };

    private string Reference(Schema schema)
    {
        var name = OpenApiNames.Of(schema);
        if (_definitions.TryAdd(name, []))
        {
            _pending.Enqueue(schema);
        }

        return name;
    }

    /// <summary>Scalars that Kubernetes names; version 3 can say that another type does as well.</summary>
    private JsonObject UseScalar(string name, string? format, string? alternative)
    {
        if (_definitions.TryAdd(name, []))
        {
            var definition = _definitions[name];
            if (dialect.Version3 && alternative is not null)
            {
                definition["oneOf"] = new JsonArray(new JsonObject { ["type"] = "string" }, new JsonObject { ["type"] = alternative });
            }
            else
            {
                definition["type"] = "string";
            }

            if (format is not null)
            {
                definition["format"] = format;
            }
        }

        return ReferenceTo(name);
    }

    private JsonObject Definition(Schema schema)
    {
        var definition = new JsonObject { ["type"] = "object" };
        if (SchemaDescriptions.Of(schema) is { Length: > 0 } text)
        {
            definition["description"] = text;
        }

        var required = new JsonArray();
        var properties = new JsonObject();
        foreach (var field in schema.Fields)
        {
            var property = Use(field.Schema);
            Describe(field, property);
            properties[field.Name] = WithText(property, SchemaDescriptions.Of(schema, field.Name));
            if (!AllOptional.Contains(schema.TypeName) && !field.Optional && !field.Pointer && field.Name is not ("kind" or "apiVersion"))
            {
                required.Add(field.Name);
            }
        }

        if (properties.Count > 0)
        {
            definition["properties"] = properties;
        }

        if (required.Count > 0)
        {
            definition["required"] = required;
        }

        return definition;
    }

    /// <summary>Beside a reference version 3 allows nothing, so that the reference goes one step down.</summary>
    private JsonObject WithText(JsonObject property, string text)
    {
        if (text.Length == 0)
        {
            return property;
        }

        if (dialect.Version3 && property["$ref"] is { } reference)
        {
            property.Remove("$ref");
            property["allOf"] = new JsonArray(new JsonObject { ["$ref"] = reference });
        }

        property["description"] = text;
        return property;
    }

    private static void Describe(SchemaField field, JsonObject property)
    {
        var schema = field.Schema;
        if (schema.Type == SchemaType.List && schema.ListType != ListType.Atomic)
        {
            property["x-kubernetes-list-type"] = schema.ListType == ListType.Map ? "map" : "set";
            if (schema.ListMapKeys.Count > 0)
            {
                property["x-kubernetes-list-map-keys"] = new JsonArray([.. schema.ListMapKeys.Select(key => (JsonNode)key)]);
            }
        }
        else if (schema.Type == SchemaType.List)
        {
            property["x-kubernetes-list-type"] = "atomic";
        }
        else if (schema.Atomic)
        {
            property["x-kubernetes-map-type"] = "atomic";
        }

        if (field.PatchStrategies is { } strategies)
        {
            property["x-kubernetes-patch-strategy"] = strategies;
        }

        if (schema.PatchMergeKey is { } key)
        {
            property["x-kubernetes-patch-merge-key"] = key;
        }

        if (field.Default is { } value)
        {
            property["default"] = value.DeepClone();
        }
    }
}
