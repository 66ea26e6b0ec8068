using System.Text.Json;
using System.Text.Json.Nodes;

namespace Coxswain.Api.Json;

/// <summary>
/// Reading documents without caring how their nodes were made: decoded values are CLR values, parsed ones are
/// elements, and <c>GetValue</c> tells them apart.
/// </summary>
public static class JsonDocuments
{
    /// <summary>The string a property holds; empty when it is absent or not a string.</summary>
    public static string Text(this JsonObject node, string name) =>
        node.TryGetPropertyValue(name, out var value) && value.TryText(out var text) ? text : "";

    /// <summary>The integer a property holds; null when it is absent or not an integer.</summary>
    public static long? Integer(this JsonObject node, string name) =>
        node.TryGetPropertyValue(name, out var value) && value.TryInteger(out var number) ? number : null;

    public static bool? Truth(this JsonObject node, string name) =>
        node.TryGetPropertyValue(name, out var value) ? value?.GetValueKind() switch
        {
            JsonValueKind.True => true,
            JsonValueKind.False => false,
            _ => null,
        }
        : null;

    /// <summary>The object a property holds; null when it is absent or something else.</summary>
    public static JsonObject? Object(this JsonObject node, string name) => node.TryGetPropertyValue(name, out var value) ? value as JsonObject : null;

    public static JsonArray? Array(this JsonObject node, string name) => node.TryGetPropertyValue(name, out var value) ? value as JsonArray : null;

    /// <summary>The object a property holds, made when it is absent or something else.</summary>
    public static JsonObject ObjectOrNew(this JsonObject node, string name)
    {
        if (node.Object(name) is { } found)
        {
            return found;
        }

        var made = new JsonObject();
        node[name] = made;
        return made;
    }

    public static bool TryText(this JsonNode? node, out string text)
    {
        if (node is JsonValue value && value.TryGetValue<string>(out var found) && found is not null)
        {
            text = found;
            return true;
        }

        text = "";
        return false;
    }

    public static bool TryInteger(this JsonNode? node, out long number)
    {
        number = 0;
        return node is JsonValue value && (value.TryGetValue(out number) || (value.TryGetValue<int>(out var small) && (number = small) == small));
    }

    /// <summary>Any number as floating point.</summary>
    public static bool TryNumber(this JsonNode? node, out double number)
    {
        if (node.TryInteger(out var integer))
        {
            number = integer;
            return true;
        }

        number = 0;
        return node is JsonValue value && (value.TryGetValue(out number)
            || (value.TryGetValue<decimal>(out var exact) && double.IsFinite(number = (double)exact)));
    }
}
