using System.Collections.Concurrent;
using System.Collections.Frozen;
using System.Text.Json;
using System.Text.Json.Nodes;
using Coxswain.Api.Resources;

namespace Coxswain.Api.Schemata;

/// <summary>The types of one group-version, parsed when the first of them is asked for.</summary>
internal sealed class SchemaFile
{
    /// <summary>Types whose JSON is not an object of their fields.</summary>
    private static readonly FrozenSet<string> OpaqueTypes = FrozenSet.ToFrozenSet(
        ["JSON", "FieldsV1", "Patch", "JSONSchemaPropsOrArray", "JSONSchemaPropsOrBool",
            "JSONSchemaPropsOrStringArray"]);

    private static readonly FrozenDictionary<string, Schema> Scalars = new Dictionary<string, SchemaType>
    {
        ["string"] = SchemaType.String,
        ["bool"] = SchemaType.Boolean,
        ["int32"] = SchemaType.Int32,
        ["int64"] = SchemaType.Int64,
        ["float64"] = SchemaType.Double,
        ["bytes"] = SchemaType.Bytes,
        ["Quantity"] = SchemaType.Quantity,
        ["IntOrString"] = SchemaType.IntOrString,
        ["Time"] = SchemaType.Time,
        ["MicroTime"] = SchemaType.MicroTime,
        ["Duration"] = SchemaType.Duration,
        ["RawExtension"] = SchemaType.Raw,
        ["any"] = SchemaType.Raw,
    }.ToFrozenDictionary(entry => entry.Key, entry => Schema.Scalar(entry.Value, entry.Key));

    private readonly string _folder;
    private readonly Lazy<Dictionary<string, JsonElement>> _types;
    private readonly ConcurrentDictionary<string, Schema?> _schemas = new(StringComparer.Ordinal);

    private SchemaFile(string resourceName)
    {
        var name = resourceName.AsSpan(0, resourceName.Length - ".json".Length);
        var underscore = name.LastIndexOf('_');
        var group = name[..underscore].ToString();
        var version = name[(underscore + 1)..].ToString();
        _folder = $"{group.Split('.')[0]}/{version}";
        ApiVersion = group == "core" ? version : $"{group}/{version}";
        _types = new(() =>
        {
            using var document = ApiFacts.Open(resourceName);
            return document.RootElement.GetProperty("types").Clone().EnumerateObject()
                .ToDictionary(type => type.Name, type => type.Value, StringComparer.Ordinal);
        });
    }

    public string ApiVersion { get; }

    /// <summary>Every file, by how the facts refer to it (<c>core/v1</c>).</summary>
    public static FrozenDictionary<string, SchemaFile> FindAll() =>
        typeof(SchemaFile).Assembly.GetManifestResourceNames()
            .Where(name => name.Contains('_') && name.EndsWith(".json", StringComparison.Ordinal))
            .Select(name => new SchemaFile(name))
            .ToFrozenDictionary(file => file._folder);

    public IEnumerable<Schema> Structs() =>
        _types.Value.Keys.Order(StringComparer.Ordinal).Select(Find).OfType<Schema>()
            .Where(schema => schema.Type == SchemaType.Struct);

    /// <summary>A type of this file by its name there.</summary>
    public Schema? Find(string name) =>
        _types.Value.ContainsKey(name) ? _schemas.GetOrAdd(name, static (name, file) => file.Make(name), this) : null;

    private Schema? Make(string name)
    {
        var facts = _types.Value[name];
        if (OpaqueTypes.Contains(name))
        {
            return Scalars["RawExtension"];
        }

        if (Scalars.TryGetValue(name, out var wellKnown))
        {
            return wellKnown;
        }

        if (facts.TryGetProperty("alias", out var alias))
        {
            return Alias(name, facts, alias.GetString()!);
        }

        var atomic = facts.TryGetProperty("struct", out var value) && value.ValueEquals("atomic");
        return Schema.Struct($"{_folder}.{name}", () => [.. Fields(facts)], atomic);
    }

    private Schema? Alias(string name, JsonElement facts, string target)
    {
        if (!Scalars.TryGetValue(target, out var scalar))
        {
            // A named list or map, another name of a type, or an interface of Go's, which is none.
            return target.Contains('[') ? Resolve(target, default) : target.Contains('/') ? Schemas.FindType(target)
                : Find(target);
        }

        return Schema.Scalar(scalar.Type, $"{_folder}.{name}", Strings(facts, "enum"));
    }

    private IEnumerable<SchemaField> Fields(JsonElement facts)
    {
        if (!facts.TryGetProperty("fields", out var fields))
        {
            yield break;
        }

        foreach (var field in fields.EnumerateArray())
        {
            var name = field.GetProperty("name").GetString()!;
            var schema = Resolve(field.GetProperty("type").GetString()!, field);
            if (Has(field, "inline"))
            {
                foreach (var inlined in schema.Fields)
                {
                    yield return inlined;
                }

                continue;
            }

            yield return new SchemaField(name, schema)
            {
                Optional = Has(field, "optional"),
                Pointer = Has(field, "pointer"),
                Default = Default(field, schema),
                PatchStrategies = Text(field, "patch"),
                ProtoNumber = field.TryGetProperty("proto", out var number) ? number.GetInt32() : 0,
            };
        }
    }

    /// <summary>A field's type as written in this file, with the list semantics the field gives it.</summary>
    private Schema Resolve(string type, JsonElement field)
    {
        if (type.StartsWith("[]", StringComparison.Ordinal))
        {
            return Schema.List(
                Resolve(type[2..], default),
                Text(field, "list") switch { "map" => ListType.Map, "set" => ListType.Set, _ => ListType.Atomic },
                Strings(field, "keys"),
                Text(field, "patch")?.Contains("merge") == true ? PatchStrategy.Merge : PatchStrategy.Replace,
                Text(field, "patchKey"));
        }

        if (type.StartsWith("map[", StringComparison.Ordinal))
        {
            return Schema.Map(Resolve(type[(type.IndexOf(']') + 1)..], default), Text(field, "map") == "atomic");
        }

        if (Scalars.TryGetValue(type, out var scalar))
        {
            return scalar;
        }

        var found = type.Contains('/') ? Schemas.FindType(type) : Find(type);
        return found ?? throw new InvalidOperationException($"{_folder}: unknown type {type}");
    }

    /// <summary>The declared default; one that is the type's zero is none, unless absent and zero differ.</summary>
    private static JsonNode? Default(JsonElement field, Schema schema)
    {
        if (!field.TryGetProperty("default", out var value))
        {
            return null;
        }

        var text = value.ValueKind == JsonValueKind.String ? value.GetString()! : value.GetRawText();
        if (text.StartsWith("ref(", StringComparison.Ordinal)
            || (!Has(field, "pointer") && text is "" or "0" or "false"))
        {
            return null;
        }

        return schema.Type switch
        {
            SchemaType.String => JsonValue.Create(text),
            SchemaType.Boolean => JsonValue.Create(text == "true"),
            _ => JsonValue.Create(long.Parse(text)),
        };
    }

    private static bool Has(JsonElement element, string name) =>
        element.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.True;

    private static string? Text(JsonElement element, string name) =>
        element.ValueKind != JsonValueKind.Object || !element.TryGetProperty(name, out var value) ? null
        : value.ValueKind == JsonValueKind.String ? value.GetString() : value.GetRawText();

    private static IReadOnlyList<string> Strings(JsonElement element, string name) =>
        element.ValueKind == JsonValueKind.Object && element.TryGetProperty(name, out var values)
            ? [.. values.EnumerateArray().Select(value => value.GetString()!)] : [];
}
