using System.Buffers;
using System.Collections.ObjectModel;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using Coxswain.Api.Scalars;

namespace Coxswain.Api.Json;

/// <summary>Reads one value of a list or map; the reader stands on its first token.</summary>
public delegate T ReadValue<T>(ref Utf8JsonReader reader);

/// <summary>The JSON form of the API's types: whole objects for callers, single values for the generated codecs.</summary>
public static class KubeJson
{
    /// <summary>Kubernetes writes no escapes beyond JSON's own.</summary>
    private static readonly JsonWriterOptions WriterOptions = new()
    {
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
        SkipValidation = true,
    };

    /// <summary>
    /// How deep JSON from outside may be, in a request, a patch, YAML or protobuf, and what a patch may make of it.
    /// Deeper than any type but a recursive one; it keeps hostile nesting from the stack.
    /// </summary>
    public const int MaxDepth = 256;

    /// <summary>
    /// How deep JSON of our own may be: whatever was accepted can be wrapped (in a list, an event, a review) and read
    /// again.
    /// </summary>
    public const int MaxStoredDepth = MaxDepth + 64;

    /// <summary>For what is read from the store or another part.</summary>
    internal static readonly JsonReaderOptions ReaderOptions = new() { MaxDepth = MaxStoredDepth };

    /// <summary>For what is read from outside.</summary>
    internal static readonly JsonReaderOptions RequestReaderOptions = new() { MaxDepth = MaxDepth };

    public static T Deserialize<T>(ReadOnlySpan<byte> utf8)
        where T : IKubeType<T>
    {
        var reader = new Utf8JsonReader(utf8, ReaderOptions);
        reader.Read();
        return T.Read(ref reader);
    }

    /// <summary>Reads a decoded document as its type.</summary>
    public static T Deserialize<T>(JsonObject document)
        where T : IKubeType<T>
    {
        var buffer = new ArrayBufferWriter<byte>(1024);
        using (var writer = new Utf8JsonWriter(buffer, WriterOptions))
        {
            document.WriteTo(writer);
        }

        return Deserialize<T>(buffer.WrittenSpan);
    }

    /// <summary>
    /// Reads JSON into nodes. Unlike <c>JsonNode.Parse</c> it is as deep as what was accepted may be, takes the last
    /// of duplicate keys, and finds everything that is wrong at once.
    /// </summary>
    /// <param name="maxDepth"><see cref="MaxDepth"/> for what comes from outside.</param>
    /// <exception cref="JsonException">Not JSON, or deeper.</exception>
    public static JsonNode? ParseNode(ReadOnlySpan<byte> utf8, int maxDepth = MaxStoredDepth)
    {
        var reader = new Utf8JsonReader(utf8, new JsonReaderOptions { MaxDepth = maxDepth });
        try
        {
            reader.Read();
            var node = JsonNodeReader.Read(ref reader);
            return reader.Read() ? throw new JsonException("data after the value") : node;
        }
        catch (InvalidOperationException exception)
        {
            throw new JsonException("invalid UTF-8 in a string", exception);
        }
    }

    public static byte[] Serialize(IKubeType value)
    {
        var buffer = new ArrayBufferWriter<byte>(1024);
        Serialize(value, buffer);
        return buffer.WrittenSpan.ToArray();
    }

    public static void Serialize(IKubeType value, IBufferWriter<byte> output)
    {
        using var writer = new Utf8JsonWriter(output, WriterOptions);
        value.Write(writer);
    }

    public static string ToString(IKubeType value) => Encoding.UTF8.GetString(Serialize(value));

    public static bool IsNull(ref Utf8JsonReader reader) => reader.TokenType == JsonTokenType.Null;

    /// <summary>False for null, which reads as the empty object; anything but an object is an error.</summary>
    public static bool StartObject(ref Utf8JsonReader reader) => reader.TokenType switch
    {
        JsonTokenType.StartObject => true,
        JsonTokenType.Null => false,
        _ => throw Unexpected(ref reader, "an object"),
    };

    /// <summary>Moves to the next property's name, or to the end of the object.</summary>
    public static bool NextProperty(ref Utf8JsonReader reader) => reader.Read() && reader.TokenType == JsonTokenType.PropertyName;

    public static void SkipValue(ref Utf8JsonReader reader)
    {
        reader.Read();
        reader.Skip();
    }

    public static string ReadString(ref Utf8JsonReader reader) => reader.TokenType switch
    {
        JsonTokenType.String => StringPool.Read(ref reader),
        JsonTokenType.Null => "",
        _ => throw Unexpected(ref reader, "a string"),
    };

    public static bool ReadBoolean(ref Utf8JsonReader reader) => reader.TokenType switch
    {
        JsonTokenType.True => true,
        JsonTokenType.False or JsonTokenType.Null => false,
        _ => throw Unexpected(ref reader, "a boolean"),
    };

    public static int ReadInt32(ref Utf8JsonReader reader) => reader.TokenType switch
    {
        JsonTokenType.Number when reader.TryGetInt32(out var value) => value,
        JsonTokenType.Null => 0,
        _ => throw Unexpected(ref reader, "a 32-bit integer"),
    };

    public static long ReadInt64(ref Utf8JsonReader reader) => reader.TokenType switch
    {
        JsonTokenType.Number when reader.TryGetInt64(out var value) => value,
        JsonTokenType.Null => 0,
        _ => throw Unexpected(ref reader, "a 64-bit integer"),
    };

    public static double ReadDouble(ref Utf8JsonReader reader) => reader.TokenType switch
    {
        JsonTokenType.Number => reader.GetDouble(),
        JsonTokenType.Null => 0,
        _ => throw Unexpected(ref reader, "a number"),
    };

    public static ReadOnlyMemory<byte> ReadBytes(ref Utf8JsonReader reader) => reader.TokenType switch
    {
        JsonTokenType.String when reader.TryGetBytesFromBase64(out var value) => value,
        JsonTokenType.Null => default,
        _ => throw Unexpected(ref reader, "a base64 string"),
    };

    public static Quantity ReadQuantity(ref Utf8JsonReader reader) => reader.TokenType switch
    {
        JsonTokenType.String when Quantity.TryParse(reader.GetString(), out var value) => value,
        JsonTokenType.Number when Quantity.TryParse(Encoding.UTF8.GetString(reader.ValueSpan), out var value) => value,
        JsonTokenType.Null => default,
        _ => throw Unexpected(ref reader, "a quantity"),
    };

    public static IntOrString ReadIntOrString(ref Utf8JsonReader reader) => reader.TokenType switch
    {
        JsonTokenType.String => new IntOrString(reader.GetString()!),
        JsonTokenType.Number when reader.TryGetInt32(out var value) => new IntOrString(value),
        JsonTokenType.Null => default,
        _ => throw Unexpected(ref reader, "an integer or a string"),
    };

    public static DateTimeOffset? ReadTime(ref Utf8JsonReader reader) => reader.TokenType switch
    {
        JsonTokenType.String when KubeTime.TryParse(reader.GetString()!, out var value) => value,
        JsonTokenType.Null => null,
        _ => throw Unexpected(ref reader, "an RFC 3339 time"),
    };

    public static TimeSpan? ReadDuration(ref Utf8JsonReader reader) => reader.TokenType switch
    {
        JsonTokenType.String when KubeDuration.TryParse(reader.GetString()!, out var value) => value,
        JsonTokenType.Null => null,
        _ => throw Unexpected(ref reader, "a duration such as 1h30m"),
    };

    public static JsonElement? ReadElement(ref Utf8JsonReader reader) =>
        reader.TokenType == JsonTokenType.Null ? null : JsonElement.ParseValue(ref reader);

    public static IReadOnlyList<T> ReadList<T>(ref Utf8JsonReader reader, ReadValue<T> readValue)
    {
        if (reader.TokenType == JsonTokenType.Null)
        {
            return [];
        }

        if (reader.TokenType != JsonTokenType.StartArray)
        {
            throw Unexpected(ref reader, "an array");
        }

        List<T>? items = null;
        while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
        {
            (items ??= []).Add(readValue(ref reader));
        }

        return items is null ? [] : items.ToArray();
    }

    public static IReadOnlyDictionary<string, T> ReadMap<T>(ref Utf8JsonReader reader, ReadValue<T> readValue)
    {
        if (!StartObject(ref reader))
        {
            return ReadOnlyDictionary<string, T>.Empty;
        }

        Dictionary<string, T>? items = null;
        while (NextProperty(ref reader))
        {
            var key = StringPool.Read(ref reader);
            reader.Read();
            (items ??= new Dictionary<string, T>(StringComparer.Ordinal))[key] = readValue(ref reader);
        }

        return items is null ? ReadOnlyDictionary<string, T>.Empty : items;
    }

    public static void Write(Utf8JsonWriter writer, Quantity value) => writer.WriteStringValue(value.ToString());

    public static void Write(Utf8JsonWriter writer, IntOrString value)
    {
        if (value.IsString)
        {
            writer.WriteStringValue(value.StringValue);
        }
        else
        {
            writer.WriteNumberValue(value.IntValue);
        }
    }

    public static void Write(Utf8JsonWriter writer, JsonElement? value)
    {
        if (value is { } element)
        {
            element.WriteTo(writer);
        }
        else
        {
            writer.WriteNullValue();
        }
    }

    public static void WriteTime(Utf8JsonWriter writer, DateTimeOffset? value) => WriteOrNull(writer, value is { } time ? KubeTime.Format(time) : null);

    public static void WriteMicroTime(Utf8JsonWriter writer, DateTimeOffset? value) =>
        WriteOrNull(writer, value is { } time ? KubeTime.FormatMicro(time) : null);

    public static void WriteDuration(Utf8JsonWriter writer, TimeSpan? value) =>
        WriteOrNull(writer, value is { } duration ? KubeDuration.Format(duration) : null);

    public static void WriteList<T>(Utf8JsonWriter writer, IReadOnlyList<T> items, Action<Utf8JsonWriter, T> writeValue)
    {
        writer.WriteStartArray();
        for (var i = 0; i < items.Count; i++)
        {
            writeValue(writer, items[i]);
        }

        writer.WriteEndArray();
    }

    public static void WriteMap<T>(Utf8JsonWriter writer, IReadOnlyDictionary<string, T> items, Action<Utf8JsonWriter, T> writeValue)
    {
        writer.WriteStartObject();

        // Go writes maps in key order; clients compare and users diff what they see.
        foreach (var (key, value) in items.Count > 1 ? items.OrderBy(item => item.Key, StringComparer.Ordinal) : (IEnumerable<KeyValuePair<string, T>>)items)
        {
            writer.WritePropertyName(key);
            writeValue(writer, value);
        }

        writer.WriteEndObject();
    }

    private static void WriteOrNull(Utf8JsonWriter writer, string? value)
    {
        if (value is null)
        {
            writer.WriteNullValue();
        }
        else
        {
            writer.WriteStringValue(value);
        }
    }

    private static JsonException Unexpected(ref Utf8JsonReader reader, string expected) =>
        new($"expected {expected} but found {reader.TokenType switch
        {
            JsonTokenType.String => $"the string \"{reader.GetString()}\"",
            JsonTokenType.Number => $"the number {Encoding.UTF8.GetString(reader.ValueSpan)}",
            JsonTokenType.StartArray => "an array",
            JsonTokenType.StartObject => "an object",
            JsonTokenType.True or JsonTokenType.False => "a boolean",
            var other => other.ToString(),
        }}");
}
