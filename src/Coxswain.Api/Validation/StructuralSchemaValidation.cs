using System.Text.Json.Nodes;
using Coxswain.Api.Decoding;
using Coxswain.Api.Errors;
using Coxswain.Api.Json;
using Coxswain.Api.Schemata;

namespace Coxswain.Api.Validation;

/// <summary>
/// Whether an OpenAPI schema is structural: says of every value what type it has, so that objects can be pruned, defaulted
/// and merged by it. See
/// https://kubernetes.io/docs/tasks/extend-kubernetes/custom-resources/custom-resource-definitions/#specifying-a-structural-schema.
/// </summary>
internal sealed class StructuralSchemaValidation(FieldErrors errors, FieldPath path)
{
    private const string Extension = "x-kubernetes-";

    private static readonly string[] Types = ["array", "boolean", "integer", "number", "object", "string"];
    private static readonly string[] Unsupported = ["$ref", "definitions", "dependencies", "patternProperties", "additionalItems", "id"];
    private static readonly string[] Junctors = ["allOf", "anyOf", "oneOf"];
    private static readonly string[] NotInJunctors =
    [
        "description", "type", "default", "additionalProperties", "nullable", Extension + "preserve-unknown-fields",
        Extension + "embedded-resource", Extension + "int-or-string", Extension + "list-type", Extension + "list-map-keys", Extension + "map-type",
    ];

    /// <summary>Each once: the same few patterns stand in a bundle hundreds of times.</summary>
    private readonly Dictionary<string, string> _patterns = new(StringComparer.Ordinal);

    public void CheckRoot(JsonObject schema)
    {
        if (schema.Text("type") != "object")
        {
            At("type", () =>
            {
                if (schema.Text("type").Length == 0)
                {
                    errors.Required(path.ToString(), "must not be empty at the root");
                }
                else
                {
                    errors.Invalid(path.ToString(), schema.Text("type"), "must be object at the root");
                }
            });
        }

        if (schema["additionalProperties"] is not null)
        {
            At("additionalProperties", () => errors.Forbidden(path.ToString(), "must not be used at the root"));
        }

        CheckObjectMeta(schema);
        Check(schema, Place.Root);
    }

    private enum Place
    {
        Root,
        Field,
        Item,
    }

    private void Check(JsonObject schema, Place place)
    {
        if (errors.Count >= FieldErrors.MaxErrors)
        {
            return;
        }

        var type = schema.Text("type");
        var isIntOrString = schema.Truth(Extension + "int-or-string") == true;
        var preserves = schema.Truth(Extension + "preserve-unknown-fields") == true;
        CheckType(schema, place, type, isIntOrString, preserves);
        CheckUnsupported(schema);
        CheckLists(schema, type);
        CheckEmbedded(schema, type, place);
        CheckJunctors(schema, schema, isIntOrString);
        if (schema["default"] is { } value)
        {
            CheckDefault(schema, value);
        }

        foreach (var (name, child) in schema.Object("properties") ?? [])
        {
            Into("properties", name, child, Place.Field);
        }

        if (schema.Object("items") is { } items)
        {
            At("items", () => Check(items, Place.Item));
        }

        if (schema.Object("additionalProperties") is { } values)
        {
            At("additionalProperties", () => Check(values, Place.Field));
        }
    }

    private void CheckType(JsonObject schema, Place place, string type, bool isIntOrString, bool preserves)
    {
        path.Push("type");
        if (isIntOrString && type.Length > 0)
        {
            errors.Invalid(path.ToString(), type, $"must be empty if {Extension}int-or-string is specified");
        }
        else if (type.Length == 0 && !isIntOrString && !preserves && place != Place.Root)
        {
            errors.Required(path.ToString(), $"must not be empty for specified {(place == Place.Item ? "array items" : "object fields")}");
        }
        else if (type == "null")
        {
            errors.Forbidden(path.ToString(), "type cannot be set to null, use nullable as an alternative");
        }
        else if (type.Length > 0 && !Types.Contains(type))
        {
            errors.Add(FieldError.NotSupported(path.ToString(), type, Types));
        }

        path.Pop();
        if (preserves && type is not ("" or "object"))
        {
            At(Extension + "preserve-unknown-fields", () => errors.Invalid(path.ToString(), true, "must be used only with type object"));
        }

        if (type == "array" && schema["items"] is null)
        {
            At("items", () => errors.Required(path.ToString(), "must be specified"));
        }
    }

    private void CheckUnsupported(JsonObject schema)
    {
        foreach (var name in Unsupported)
        {
            if (schema.ContainsKey(name) && schema[name] is { } value && !(value.TryText(out var text) && text.Length == 0))
            {
                At(name, () => errors.Forbidden(path.ToString(), $"{name} is not supported"));
            }
        }

        if (schema.Truth("uniqueItems") == true)
        {
            At("uniqueItems", () => errors.Forbidden(path.ToString(), "uniqueItems cannot be set to true since the runtime complexity becomes quadratic"));
        }

        if (schema.Truth("additionalProperties") == false)
        {
            At("additionalProperties", () => errors.Forbidden(path.ToString(), "additionalProperties cannot be set to false"));
        }

        if (schema["additionalProperties"] is not null && schema.Object("properties") is { Count: > 0 })
        {
            At("additionalProperties", () => errors.Forbidden(path.ToString(), "additionalProperties and properties are mutual exclusive"));
        }

        if (schema["items"] is JsonArray)
        {
            At("items", () => errors.Forbidden(path.ToString(), "items must be a schema object and not an array"));
        }

        if (schema.Text("pattern") is { Length: > 0 } pattern)
        {
            CheckPattern(pattern);
        }
    }

    private void CheckPattern(string pattern)
    {
        if (!_patterns.TryGetValue(pattern, out var error))
        {
            _patterns.Add(pattern, error = new SchemaPattern(pattern).Error);
        }

        if (error.Length > 0)
        {
            At("pattern", () => errors.Invalid(path.ToString(), pattern, $"must be a valid regular expression, but isn't: {error}"));
        }
    }

    private void CheckLists(JsonObject schema, string type)
    {
        var listType = schema.Text(Extension + "list-type");
        var keys = schema.Array(Extension + "list-map-keys");
        if (listType.Length > 0)
        {
            path.Push(Extension + "list-type");
            errors.OneOf(path.ToString(), listType, "atomic", "map", "set");
            path.Pop();
            if (type != "array")
            {
                At("type", () => errors.Invalid(path.ToString(), type, $"must be array if {Extension}list-type is specified"));
            }
        }

        if (listType != "map" && keys is { Count: > 0 })
        {
            At(Extension + "list-map-keys", () => errors.Forbidden(path.ToString(), $"may be used only if {Extension}list-type is map"));
        }
        else if (listType == "map" && schema.Object("items") is { } items)
        {
            CheckMapKeys(items, keys ?? []);
        }
        else if (listType == "set" && schema.Object("items") is { } members)
        {
            CheckMembers(members);
        }

        if (schema.Text(Extension + "map-type") is { Length: > 0 } mapType)
        {
            path.Push(Extension + "map-type");
            errors.OneOf(path.ToString(), mapType, "atomic", "granular");
            path.Pop();
            if (type != "object")
            {
                At("type", () => errors.Invalid(path.ToString(), type, $"must be object if {Extension}map-type is specified"));
            }
        }
    }

    private void CheckMapKeys(JsonObject items, JsonArray keys)
    {
        if (keys.Count == 0)
        {
            At(Extension + "list-map-keys", () => errors.Required(path.ToString(), $"must not be empty if {Extension}list-type is map"));
        }

        if (items.Text("type") != "object")
        {
            At("items", () => At("type", () =>
                errors.Invalid(path.ToString(), items.Text("type"), $"must be object if parent array's {Extension}list-type is map")));
            return;
        }

        var seen = new HashSet<string>(StringComparer.Ordinal);
        var required = (items.Array("required") ?? []).Select(Text).ToHashSet(StringComparer.Ordinal);
        for (var i = 0; i < keys.Count; i++)
        {
            var key = Text(keys[i]);
            path.Push(Extension + "list-map-keys");
            path.Push(i);
            if (!seen.Add(key))
            {
                errors.Duplicate(path.ToString(), key);
            }

            var property = items.Object("properties")?.Object(key);
            if (property is null)
            {
                errors.Invalid(path.ToString(), key, "entries must all be names of item properties");
            }

            path.Pop();
            path.Pop();
            if (property is not null)
            {
                CheckMapKey(property, key, required.Contains(key));
            }
        }
    }

    private void CheckMapKey(JsonObject property, string key, bool isRequired) => At("items", () =>
    {
        path.Push("properties");
        path.PushKey(key);
        if (property.Text("type") is "array" or "object")
        {
            At("type", () => errors.Invalid(path.ToString(), property.Text("type"), "must be a scalar type if parent array's " + Extension + "list-type is map"));
        }

        if (!isRequired && property["default"] is null)
        {
            At("default", () => errors.Required(path.ToString(),
                $"this property is in {Extension}list-map-keys, so it must have a default or be a required property"));
        }

        path.Pop();
        path.Pop();
    });

    private void CheckMembers(JsonObject items) => At("items", () =>
    {
        if (items.Truth("nullable") == true)
        {
            At("nullable", () => errors.Forbidden(path.ToString(), $"cannot be nullable when {Extension}list-type is set"));
        }

        if (items.Text("type") == "object" && items.Text(Extension + "map-type") != "atomic")
        {
            At(Extension + "map-type", () => errors.Invalid(path.ToString(), items.Text(Extension + "map-type"),
                $"must be atomic as item of a list with {Extension}list-type=set"));
        }
        else if (items.Text("type") == "array" && items.Text(Extension + "list-type") is not ("" or "atomic"))
        {
            At(Extension + "list-type", () => errors.Invalid(path.ToString(), items.Text(Extension + "list-type"),
                $"must be atomic as item of a list with {Extension}list-type=set"));
        }
    });

    private void CheckEmbedded(JsonObject schema, string type, Place place)
    {
        if (schema.Truth(Extension + "embedded-resource") != true || place == Place.Root)
        {
            return;
        }

        if (type != "object")
        {
            At("type", () => errors.Invalid(path.ToString(), type, $"must be object if {Extension}embedded-resource is true"));
        }

        if (schema.Object("properties") is null && schema.Truth(Extension + "preserve-unknown-fields") != true)
        {
            At("properties", () => errors.Required(path.ToString(),
                $"must not be empty if {Extension}embedded-resource is true without {Extension}preserve-unknown-fields"));
        }

        CheckObjectMeta(schema);
    }

    /// <summary>What every object has keeps its own type; a schema may narrow names, and nothing else.</summary>
    private void CheckObjectMeta(JsonObject schema)
    {
        var properties = schema.Object("properties") ?? [];
        foreach (var name in (ReadOnlySpan<string>)["apiVersion", "kind"])
        {
            if (properties.Object(name) is { } text && text.Text("type") != "string")
            {
                Into("properties", name, () => At("type", () => errors.Invalid(path.ToString(), text.Text("type"), "must be string")));
            }
        }

        if (properties.Object("metadata") is not { } metadata)
        {
            return;
        }

        Into("properties", "metadata", () =>
        {
            if (metadata.Text("type") != "object")
            {
                At("type", () => errors.Invalid(path.ToString(), metadata.Text("type"), "must be object"));
            }

            if (metadata["additionalProperties"] is not null
                || (metadata.Object("properties") ?? []).Any(property => property.Key is not ("name" or "generateName")))
            {
                errors.Forbidden(path.ToString(), "must not specify anything other than name and generateName, but metadata is implicitly specified");
            }
        });
    }

    private void CheckJunctors(JsonObject schema, JsonObject structure, bool isIntOrString)
    {
        foreach (var name in Junctors)
        {
            var alternatives = schema.Array(name) ?? [];
            for (var i = 0; i < alternatives.Count; i++)
            {
                if (alternatives[i] is JsonObject alternative)
                {
                    path.Push(name);
                    path.Push(i);
                    CheckAlternative(alternative, structure, isIntOrString);
                    path.Pop();
                    path.Pop();
                }
            }
        }

        if (schema.Object("not") is { } not)
        {
            At("not", () => CheckAlternative(not, structure, isIntOrString));
        }
    }

    /// <summary>A schema in a junctor says more of values whose types stand outside of it.</summary>
    private void CheckAlternative(JsonObject schema, JsonObject structure, bool isIntOrString)
    {
        if (errors.Count >= FieldErrors.MaxErrors)
        {
            return;
        }

        foreach (var name in NotInJunctors)
        {
            var value = schema[name];
            if (value is null || (value.TryText(out var text) && text.Length == 0) || schema.Truth(name) == false
                || (name == "type" && isIntOrString && schema.Text("type") is "integer" or "string"))
            {
                continue;
            }

            At(name, () => errors.Forbidden(path.ToString(), "must be empty to be structural"));
        }

        if (schema.Text("pattern") is { Length: > 0 } pattern)
        {
            CheckPattern(pattern);
        }

        foreach (var (name, child) in schema.Object("properties") ?? [])
        {
            var inner = structure.Object("properties")?.Object(name);
            Into("properties", name, () => Compare(child, inner));
        }

        if (schema.Object("items") is { } items)
        {
            At("items", () => Compare(items, structure.Object("items")));
        }

        CheckJunctors(schema, structure, isIntOrString);
    }

    private void Compare(JsonNode? schema, JsonObject? structure)
    {
        if (structure is null)
        {
            errors.Required(path.ToString(), "must be specified outside of the junctor as well, with its type");
        }
        else if (schema is JsonObject found)
        {
            CheckAlternative(found, structure, structure.Truth(Extension + "int-or-string") == true);
        }
    }

    private void CheckDefault(JsonObject schema, JsonNode value)
    {
        path.Push("default");
        var read = StructuralSchema.Read(schema);
        var place = path.ToString();
        if (ObjectPruning.Prune(value.DeepClone(), read))
        {
            errors.Invalid(place, "", "must not have unknown fields");
        }

        foreach (var error in SchemaValidation.ValidateValue(value, read))
        {
            errors.Add(error with
            {
                Field = error.Field.Length == 0 || error.Field == "<nil>" ? place : error.Field[0] == '[' ? place + error.Field : $"{place}.{error.Field}",
            });
        }

        path.Pop();
    }

    private void Into(string map, string key, JsonNode? child, Place place) => Into(map, key, () =>
    {
        if (child is JsonObject schema)
        {
            Check(schema, place);
        }
    });

    private void Into(string map, string key, Action check)
    {
        path.Push(map);
        path.PushKey(key);
        check();
        path.Pop();
        path.Pop();
    }

    private void At(string name, Action check)
    {
        path.Push(name);
        check();
        path.Pop();
    }

    private static string Text(JsonNode? node) => node.TryText(out var text) ? text : "";
}
