using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Coxswain.Api.Json;
using Coxswain.Cel.Values;

namespace Coxswain.ApiServer.Admission.Expressions;

/// <summary>Between JSON without a schema and the values of expressions, converted only where it is looked at.</summary>
internal static class JsonValues
{
    public static object Of(JsonNode? value) => value switch
    {
        null => CelNull.Value,
        JsonObject properties => new Map(properties),
        JsonArray items => new List(items),
        _ when value.TryText(out var text) => text,
        _ when value.GetValueKind() is JsonValueKind.True => true,
        _ when value.GetValueKind() is JsonValueKind.False => false,
        _ when value.TryInteger(out var integer) => integer,
        _ => value.TryNumber(out var number) ? number : 0d,
    };

    /// <summary>A value as JSON.</summary>
    /// <exception cref="FormatException">It has no form in JSON.</exception>
    public static JsonNode? ToJson(object value, int depth = 0)
    {
        if (depth > KubeJson.MaxDepth)
        {
            throw new FormatException("exceeded max depth");
        }

        switch (value)
        {
            case CelNull:
                return null;
            case CelOptional optional:
                return optional.HasValue ? ToJson(optional.Value!, depth + 1) : null; // it has one
            case Map map:
                return map.Properties.DeepClone();
            case CelList list:
                return new JsonArray([.. list.Items().Select(item => ToJson(item, depth + 1))]);
            case CelMap map:
                var properties = new JsonObject();
                foreach (var key in map.Keys)
                {
                    properties[key as string ?? throw new FormatException("keys must be strings")] = ToJson(map.Find(key)!, depth + 1); // one of its keys
                }

                return properties;
            case string text:
                return text;
            case bool truth:
                return truth;
            case long number:
                return number;
            case ulong number:
                return number;
            case double number when double.IsFinite(number):
                return number;
            case byte[] bytes:
                return Convert.ToBase64String(bytes);
            case CelTimestamp or CelDuration:
                return value.ToString();
            default:
                throw new FormatException($"a value of type {CelValues.TypeOf(value)} cannot be written");
        }
    }

    private sealed class Map(JsonObject properties) : CelMap
    {
        public JsonObject Properties => properties;

        public override int Count => properties.Count;

        public override IEnumerable<object> Keys => properties.Select(property => property.Key);

        public override object? Find(object key) => key is not string name ? null
            : properties.TryGetPropertyValue(name, out var value) ? JsonValues.Of(value)
            : name.Contains("__", StringComparison.Ordinal) && properties.TryGetPropertyValue(Unescape(name), out value) ? JsonValues.Of(value) : null;

        /// <summary>Names that are no identifiers may be written as ones, as in the rules of custom resources.</summary>
        private static string Unescape(string name)
        {
            var text = new StringBuilder(name).Replace("__dot__", ".").Replace("__dash__", "-").Replace("__slash__", "/").Replace("__underscores__", "__");
            return text.Length > 4 && name.StartsWith("__", StringComparison.Ordinal) && name.EndsWith("__", StringComparison.Ordinal)
                ? text.ToString(2, text.Length - 4) : text.ToString();
        }
    }

    private sealed class List(JsonArray items) : CelList
    {
        public override int Count => items.Count;

        public override object this[int index] => JsonValues.Of(items[index]);
    }
}
