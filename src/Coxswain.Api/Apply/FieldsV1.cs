using System.Buffers;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace Coxswain.Api.Apply;

/// <summary>The JSON form of a <see cref="FieldSet"/>: nested objects named by path elements, <c>.</c> for the path itself.</summary>
public static class FieldsV1
{
    /// <summary>As deep as objects may be.</summary>
    private const int MaxDepth = Json.KubeJson.MaxStoredDepth;

    private static readonly JsonWriterOptions WriterOptions = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping, SkipValidation = true };

    private static readonly JsonReaderOptions ReaderOptions = new() { MaxDepth = MaxDepth };

    /// <exception cref="FormatException">The JSON is not a set of fields.</exception>
    public static FieldSet Decode(ReadOnlySpan<byte> utf8)
    {
        var reader = new Utf8JsonReader(utf8, ReaderOptions);
        try
        {
            reader.Read();
            if (reader.TokenType != JsonTokenType.StartObject)
            {
                throw new FormatException("a set of fields begins with {");
            }

            var set = Read(ref reader, out _);
            return reader.Read() ? throw new FormatException("data after a set of fields") : set;
        }
        catch (Exception exception) when (exception is JsonException or InvalidOperationException)
        {
            throw new FormatException($"a set of fields cannot be read: {exception.Message}", exception);
        }
    }

    internal static byte[] Encode(FieldSet set)
    {
        var buffer = new ArrayBufferWriter<byte>(256);
        using (var writer = new Utf8JsonWriter(buffer, WriterOptions))
        {
            Write(writer, set, isMember: false);
        }

        return buffer.WrittenSpan.ToArray();
    }

    private static FieldSet Read(ref Utf8JsonReader reader, out bool isMember)
    {
        isMember = false;
        var entries = new List<FieldSet.Entry>();
        var sorted = true;
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            var text = reader.GetString()!; // a property's name
            reader.Read();
            if (reader.TokenType != JsonTokenType.StartObject)
            {
                throw new FormatException($"\"{text}\" in a set of fields is not an object");
            }

            if (text == ".")
            {
                isMember = true;
                reader.Skip();
                continue;
            }

            var element = PathElements.Canonical(text);
            var children = Read(ref reader, out var childIsMember);
            if (element is null)
            {
                continue;
            }

            sorted &= entries.Count == 0 || PathElements.Compare(entries[^1].Element, element) < 0;
            entries.Add(new FieldSet.Entry(element, childIsMember || children.IsEmpty, children.IsEmpty ? null : children));
        }

        return entries.Count == 0 ? FieldSet.Empty : sorted ? new FieldSet([.. entries]) : FieldSet.Sorted(entries);
    }

    internal static void Write(Utf8JsonWriter writer, FieldSet set, bool isMember)
    {
        writer.WriteStartObject();
        if (isMember)
        {
            writer.WriteStartObject("."u8);
            writer.WriteEndObject();
        }

        foreach (var entry in set.Entries)
        {
            writer.WritePropertyName(entry.Element);
            if (entry.Children is null)
            {
                writer.WriteStartObject();
                writer.WriteEndObject();
            }
            else
            {
                Write(writer, entry.Children, entry.IsMember);
            }
        }

        writer.WriteEndObject();
    }
}
