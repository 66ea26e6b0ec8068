using System.Globalization;
using System.Text;
using System.Text.Json.Nodes;

namespace Coxswain.Api.Json;

/// <summary>Equality of documents however their nodes were made: 1 as a <c>long</c> is 1 as a parsed element.</summary>
public static class JsonEquality
{
    /// <summary>A text that two documents share exactly when they are equal, for sets and keys.</summary>
    public static string Canonical(JsonNode? node)
    {
        var text = new StringBuilder();
        AppendCanonical(text, node);
        return text.ToString();
    }

    public static bool Equal(JsonNode? left, JsonNode? right)
    {
        if (ReferenceEquals(left, right))
        {
            return true;
        }

        switch (left, right)
        {
            case (JsonObject a, JsonObject b):
                if (a.Count != b.Count)
                {
                    return false;
                }

                foreach (var (name, value) in a)
                {
                    if (!b.TryGetPropertyValue(name, out var other) || !Equal(value, other))
                    {
                        return false;
                    }
                }

                return true;
            case (JsonArray a, JsonArray b):
                if (a.Count != b.Count)
                {
                    return false;
                }

                for (var i = 0; i < a.Count; i++)
                {
                    if (!Equal(a[i], b[i]))
                    {
                        return false;
                    }
                }

                return true;
            case (JsonValue a, JsonValue b):
                return a.TryText(out var text) ? b.TryText(out var otherText) && text == otherText
                    : a.TryInteger(out var number) ? b.TryInteger(out var otherNumber) && number == otherNumber
                    : JsonNode.DeepEquals(a, b);
            default:
                return false;
        }
    }

    private static void AppendCanonical(StringBuilder text, JsonNode? node)
    {
        switch (node)
        {
            case null:
                text.Append("null");
                break;
            case JsonObject properties:
                text.Append('{');
                foreach (var (name, value) in properties.OrderBy(property => property.Key, StringComparer.Ordinal))
                {
                    text.Append(JsonValue.Create(name).ToJsonString()).Append(':');
                    AppendCanonical(text, value);
                    text.Append(',');
                }

                text.Append('}');
                break;
            case JsonArray items:
                text.Append('[');
                foreach (var item in items)
                {
                    AppendCanonical(text, item);
                    text.Append(',');
                }

                text.Append(']');
                break;
            default:
                text.Append(node.TryText(out var word) ? JsonValue.Create(word).ToJsonString()
                    : node.TryInteger(out var integer) ? integer.ToString(CultureInfo.InvariantCulture)
                    : node.TryNumber(out var number) ? number.ToString("R", CultureInfo.InvariantCulture)
                    : node.ToJsonString());
                break;
        }
    }
}
