using System.Text.Json.Nodes;

namespace Coxswain.Api;

/// <summary>Equality of documents however their nodes were made: 1 as a <c>long</c> is 1 as a parsed element.</summary>
public static class JsonEquality
{
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
}
