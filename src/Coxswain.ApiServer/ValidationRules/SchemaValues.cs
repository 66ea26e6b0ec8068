using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Coxswain.Api.Json;
using Coxswain.Cel.Values;

namespace Coxswain.ApiServer.ValidationRules;

/// <summary>JSON as expressions see it: of the types its schema gives it, and converted only where it is looked at.</summary>
internal static class SchemaValues
{
    private static readonly HashSet<string> Reserved = new(StringComparer.Ordinal)
    {
        "true", "false", "null", "in", "as", "break", "const", "continue", "else", "for", "function", "if", "import", "let", "loop", "package",
        "namespace", "return", "var", "void", "while",
    };

    /// <param name="schema">Null where none is known.</param>
    public static object Of(JsonNode? value, JsonObject? schema) => value switch
    {
        null => CelNull.Value,
        JsonObject properties when schema?.Object("additionalProperties") is { } values && schema.Object("properties") is null => new Map(properties, values),
        JsonObject properties => new Struct(properties, schema),
        JsonArray items => new List(items, schema),
        _ => Scalar(value, schema),
    };

    private static object Scalar(JsonNode value, JsonObject? schema)
    {
        if (value.TryText(out var text))
        {
            return schema?.Text("format") switch
            {
                "date-time" => (object?)CelTimestamp.Parse(text) ?? text,
                "date" => (object?)CelTimestamp.Parse(text + "T00:00:00Z") ?? text,
                "duration" => (object?)CelDuration.Parse(text) ?? text,
                "byte" => Bytes(text),
                _ => text,
            };
        }

        return value.GetValueKind() switch
        {
            JsonValueKind.True => true,
            JsonValueKind.False => false,
            _ when schema?.Text("type") != "number" && value.TryInteger(out var integer) => integer,
            _ when schema?.Text("type") == "integer" && value.TryNumber(out var whole) && whole == Math.Floor(whole) && Math.Abs(whole) < long.MaxValue => (long)whole,
            _ => value.TryNumber(out var number) ? number : 0d,
        };
    }

    private static object Bytes(string text)
    {
        try
        {
            return Convert.FromBase64String(text);
        }
        catch (FormatException)
        {
            return text;
        }
    }

    /// <summary>A property's name as an identifier.</summary>
    private static string Escape(string name)
    {
        if (Reserved.Contains(name))
        {
            return $"__{name}__";
        }

        if (name.AsSpan().IndexOfAny(['.', '-', '/']) < 0 && !name.Contains("__", StringComparison.Ordinal))
        {
            return name;
        }

        return new StringBuilder(name).Replace("__", "__underscores__").Replace(".", "__dot__").Replace("-", "__dash__").Replace("/", "__slash__").ToString();
    }

    private sealed class Struct(JsonObject properties, JsonObject? schema) : CelMap
    {
        private readonly Dictionary<string, string> _names = properties.Where(property => property.Value is not null)
            .ToDictionary(property => Escape(property.Key), property => property.Key, StringComparer.Ordinal);

        public override int Count => _names.Count;

        public override IEnumerable<object> Keys => _names.Keys;

        public override object? Find(object key) => key is string name && _names.TryGetValue(name, out var property)
            ? SchemaValues.Of(properties[property], schema?.Object("properties")?.Object(property)) : null;
    }

    private sealed class Map(JsonObject entries, JsonObject values) : CelMap
    {
        public override int Count => entries.Count;

        public override IEnumerable<object> Keys => entries.Select(entry => entry.Key);

        public override object? Find(object key) => key is string name && entries.TryGetPropertyValue(name, out var value) ? SchemaValues.Of(value, values) : null;
    }

    private sealed class List(JsonArray items, JsonObject? schema) : CelList
    {
        public override int Count => items.Count;

        public override bool IsUnordered => schema?.Text("x-kubernetes-list-type") is "set" or "map";

        public override object this[int index] => SchemaValues.Of(items[index], schema?.Object("items"));
    }
}
