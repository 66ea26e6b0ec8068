using System.Text.Json.Nodes;
using Coxswain.Api.Json;

namespace Coxswain.Api.Schemata;

/// <summary>
/// Reads a structural schema, as a CustomResourceDefinition writes it (<c>openAPIV3Schema</c>), into the
/// <see cref="Schema"/> that decoding, pruning, defaulting, merging and validation use for every kind. It is as deep
/// as the document, which is bounded where that was decoded. What makes a schema not structural is for the validation
/// of the definition to refuse; here it means any JSON.
/// </summary>
public static class StructuralSchema
{
    private const string Extension = "x-kubernetes-";

    private static readonly string[] TypeMeta = ["apiVersion", "kind", "metadata"];

    /// <summary>
    /// The schema of a kind's objects: with <c>apiVersion</c>, <c>kind</c> and ObjectMeta, whatever it says of them.
    /// </summary>
    public static Schema ReadRoot(JsonObject schema) => Read(schema, embeddedResource: true);

    public static Schema Read(JsonObject schema) => Read(schema, schema.Truth(Extension + "embedded-resource") == true);

    private static Schema Read(JsonObject schema, bool embeddedResource)
    {
        var constraints = Constraints(schema);
        if (embeddedResource && schema.Object("properties") is { } properties)
        {
            // What every object has keeps its own type; what the schema says of it is held against it as well.
            var said = new JsonObject(properties.Where(property => TypeMeta.Contains(property.Key))
                .Select(property => KeyValuePair.Create(property.Key, property.Value?.DeepClone())));
            if (said.Count > 0)
            {
                var also = ReadAlternative(new JsonObject { ["properties"] = said });
                constraints =
                    (constraints ?? SchemaConstraints.None) with { AllOf = [.. constraints?.AllOf ?? [], also] };
            }
        }

        return Shape(schema, embeddedResource, isAlternative: false).Constrain(constraints,
            schema.Truth("nullable") == true, embeddedResource, isAlternative: false);
    }

    /// <summary>
    /// A schema inside allOf, anyOf, oneOf or not: it says what it says of values of its type and allows others.
    /// </summary>
    private static Schema ReadAlternative(JsonNode? node)
    {
        var schema = node as JsonObject ?? [];
        return Shape(schema, false, isAlternative: true)
            .Constrain(Constraints(schema), schema.Truth("nullable") == true, false,
                isAlternative: schema.Text("type").Length == 0);
    }

    private static Schema Shape(JsonObject schema, bool embeddedResource, bool isAlternative)
    {
        Schema Inner(JsonNode? node) => isAlternative ? ReadAlternative(node) : Read(node as JsonObject ?? []);

        var preserves = schema.Truth(Extension + "preserve-unknown-fields") == true;
        if (schema.Truth(Extension + "int-or-string") == true)
        {
            return Schema.Scalar(SchemaType.IntOrString, "IntOrString");
        }

        var properties = schema.Object("properties");
        switch (schema.Text("type"))
        {
            case "string":
                return Schema.Scalar(SchemaType.String, "string", [.. Texts(schema, "enum")]);
            case "boolean":
                return Schema.Scalar(SchemaType.Boolean, "boolean");
            case "integer":
                return Schema.Scalar(schema.Text("format") == "int32" ? SchemaType.Int32 : SchemaType.Int64, "integer");
            case "number":
                return Schema.Scalar(SchemaType.Double, "number");
            case "array":
                return List(schema, Inner(schema["items"]));
            case "" when schema.Object("items") is { } items:
                return List(schema, Inner(items));
            case "" when !embeddedResource && properties is null && schema.Object("additionalProperties") is null:
                return Schema.Scalar(SchemaType.Raw, "any");
        }

        if (properties is null && !embeddedResource)
        {
            switch (schema["additionalProperties"])
            {
                case JsonObject values:
                    return Schema.Map(Inner(values), schema.Text(Extension + "map-type") == "atomic");
                case JsonValue allowed when allowed.TryGetValue<bool>(out var any) && any:
                    return Schema.Map(Schema.Scalar(SchemaType.Raw, "any").Constrain(null, true, false, isAlternative),
                        schema.Text(Extension + "map-type") == "atomic");
            }
        }

        var required = Texts(schema, "required").ToHashSet(StringComparer.Ordinal);
        List<SchemaField> fields =
            [.. (properties ?? []).Select(property => new SchemaField(property.Key, Inner(property.Value))
        {
            Optional = !required.Contains(property.Key),
            Pointer = true,
            Default = (property.Value as JsonObject)?["default"]?.DeepClone(),
        })];
        if (embeddedResource)
        {
            AddTypeMeta(fields);
        }

        return Schema.Struct("object", () => fields, schema.Text(Extension + "map-type") == "atomic", preserves);
    }

    /// <summary>What every object has, of the types it has everywhere.</summary>
    private static void AddTypeMeta(List<SchemaField> fields)
    {
        fields.RemoveAll(field => TypeMeta.Contains(field.Name));
        var text = Schema.Scalar(SchemaType.String, "string");
        fields.Insert(0, new SchemaField("apiVersion", text) { Pointer = true });
        fields.Insert(1, new SchemaField("kind", text) { Pointer = true });
        fields.Insert(2,
            new SchemaField("metadata", Schemas.FindType("meta/v1.ObjectMeta")!) { Pointer = true }); // among the facts
    }

    private static Schema List(JsonObject schema, Schema item) => Schema.List(
        item,
        schema.Text(Extension + "list-type") switch { "map" => ListType.Map, "set" => ListType.Set,
            _ => ListType.Atomic },
        [.. Texts(schema, Extension + "list-map-keys")],
        typeName: "array");

    private static SchemaConstraints? Constraints(JsonObject schema)
    {
        var constraints = new SchemaConstraints
        {
            Required = [.. Texts(schema, "required")],
            Minimum = Number(schema, "minimum"),
            ExclusiveMinimum = schema.Truth("exclusiveMinimum") == true,
            Maximum = Number(schema, "maximum"),
            ExclusiveMaximum = schema.Truth("exclusiveMaximum") == true,
            MultipleOf = Number(schema, "multipleOf"),
            MinLength = schema.Integer("minLength"),
            MaxLength = schema.Integer("maxLength"),
            Pattern = schema.Text("pattern") is { Length: > 0 } pattern ? new SchemaPattern(pattern) : null,
            Format = schema.Text("format"),
            Enum = [.. schema.Array("enum")?.Select(value => value?.DeepClone()) ?? []],
            MinItems = schema.Integer("minItems"),
            MaxItems = schema.Integer("maxItems"),
            UniqueItems = schema.Truth("uniqueItems") == true,
            MinProperties = schema.Integer("minProperties"),
            MaxProperties = schema.Integer("maxProperties"),
            AllOf = Alternatives(schema, "allOf"),
            AnyOf = Alternatives(schema, "anyOf"),
            OneOf = Alternatives(schema, "oneOf"),
            Not = schema.Object("not") is { } not ? ReadAlternative(not) : null,
        };
        return constraints with { Required = [], Enum = [], AllOf = [], AnyOf = [],
            OneOf = [] } == SchemaConstraints.None
            && constraints.Required.Count + constraints.Enum.Count + constraints.AllOf.Count + constraints.AnyOf.Count
                + constraints.OneOf.Count == 0
            ? null : constraints;
    }

    private static IReadOnlyList<Schema> Alternatives(JsonObject schema, string name) =>
        [.. schema.Array(name)?.Select(ReadAlternative) ?? []];

    private static double? Number(JsonObject schema, string name) =>
        schema[name].TryNumber(out var number) ? number : null;

    private static IEnumerable<string> Texts(JsonObject schema, string name) =>
        (schema.Array(name) ?? []).Select(value => value.TryText(out var text) ? text : null).OfType<string>();
}
