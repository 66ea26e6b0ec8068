using System.Text.Json;
using System.Text.Json.Nodes;

namespace Coxswain.Api.Json;

/// <summary>
/// Reads any JSON into nodes at once.
/// <see cref="JsonNode.Parse(ReadOnlySpan{byte}, JsonNodeOptions?, JsonDocumentOptions)"/> is lazy, and meets
/// duplicate keys and bad UTF-8 only where a node is first touched; here the last of equal keys counts and bad bytes
/// are refused.
/// </summary>
internal static class JsonNodeReader
{
    public static JsonNode? Read(ref Utf8JsonReader reader)
    {
        switch (reader.TokenType)
        {
            case JsonTokenType.StartObject:
                var properties = new JsonObject();
                while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
                {
                    var key = StringPool.Read(ref reader);
                    reader.Read();
                    properties[key] = Read(ref reader);
                }

                return properties;
            case JsonTokenType.StartArray:
                var items = new JsonArray();
                while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
                {
                    items.Add(Read(ref reader));
                }

                return items;
            case JsonTokenType.String:
                return JsonValue.Create(StringPool.Read(ref reader));
            case JsonTokenType.Number:
                return ReadNumber(ref reader) ?? throw new JsonException("a number is out of range");
            case JsonTokenType.True:
            case JsonTokenType.False:
                return JsonValue.Create(reader.TokenType == JsonTokenType.True);
            default:
                return null;
        }
    }

    /// <summary>As Go keeps numbers: integers while they fit, otherwise floating; null for what is neither.</summary>
    public static JsonValue? ReadNumber(ref Utf8JsonReader reader) =>
        reader.TryGetInt64(out var integer) ? JsonValue.Create(integer)
        : reader.TryGetDouble(out var number) && double.IsFinite(number) ? JsonValue.Create(number) : null;
}
