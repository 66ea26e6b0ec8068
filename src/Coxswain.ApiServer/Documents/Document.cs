using System.Buffers;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using Coxswain.Api.Apply;
using Coxswain.Api.Json;
using Coxswain.Api.Meta.V1;

namespace Coxswain.ApiServer.Documents;

/// <summary>
/// An object on its way into the store: mutable JSON, so that built-in and custom resources are written by one path.
/// Its stored form always begins <c>{"metadata":{</c> and holds no resourceVersion; readers splice that in.
/// </summary>
internal static class Document
{
    private static readonly JsonWriterOptions WriterOptions = new()
    {
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
        SkipValidation = true,
    };

    /// <summary>What every stored value begins with; the resourceVersion goes right after it.</summary>
    public static ReadOnlySpan<byte> Opening => "{\"metadata\":{"u8;

    public static byte[] Encode(JsonObject document) => Encode(document, out _);

    /// <summary>Puts who owns what into what was encoded without it.</summary>
    /// <param name="metadataEnd">Where the metadata's last property ends.</param>
    public static byte[] WithManagedFields(byte[] encoded, int metadataEnd, ManagedFields managed)
    {
        if (managed.IsEmpty)
        {
            return encoded;
        }

        var buffer = ScratchBuffer.Take();
        using (var writer = new Utf8JsonWriter(buffer, WriterOptions))
        {
            managed.Write(writer);
        }

        ReadOnlySpan<byte> opening = encoded.AsSpan(0, metadataEnd).EndsWith("{"u8) ? "\"managedFields\":"u8 : ",\"managedFields\":"u8;
        var owners = buffer.WrittenSpan;
        var result = new byte[encoded.Length + opening.Length + owners.Length];
        encoded.AsSpan(0, metadataEnd).CopyTo(result);
        opening.CopyTo(result.AsSpan(metadataEnd));
        owners.CopyTo(result.AsSpan(metadataEnd + opening.Length));
        encoded.AsSpan(metadataEnd).CopyTo(result.AsSpan(metadataEnd + opening.Length + owners.Length));
        return result;
    }

    /// <summary>Reads the bytes as if they did not say who owns what.</summary>
    /// <param name="read">Keeps nothing of the span.</param>
    public static T ReadWithoutManagedFields<T>(ReadOnlySpan<byte> encoded, Func<ReadOnlySpan<byte>, T> read) =>
        ReadWithoutManagedFields(encoded, read, isMetadataEnough: false);

    /// <summary>The metadata without who owns what. It comes first in a stored value, so the rest is not looked at.</summary>
    public static ObjectMeta ReadMetadata(ReadOnlySpan<byte> encoded) => ReadWithoutManagedFields(
        encoded,
        static utf8 =>
        {
            var reader = new Utf8JsonReader(utf8, ReaderOptions);
            reader.Read();
            reader.Read();
            reader.Read();
            return ObjectMeta.Read(ref reader);
        },
        isMetadataEnough: true);

    private static T ReadWithoutManagedFields<T>(ReadOnlySpan<byte> encoded, Func<ReadOnlySpan<byte>, T> read, bool isMetadataEnough)
    {
        var (start, length) = ManagedFields.Locate(encoded).GetOffsetAndLength(encoded.Length);
        if (length == 0)
        {
            return read(encoded);
        }

        var rest = encoded[(start + length)..];
        if (isMetadataEnough && rest.StartsWith("}"u8))
        {
            rest = rest[..1];
        }

        var buffer = ArrayPool<byte>.Shared.Rent(start + rest.Length);
        try
        {
            encoded[..start].CopyTo(buffer);
            rest.CopyTo(buffer.AsSpan(start));
            return read(buffer.AsSpan(0, start + rest.Length));
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    public static byte[] Encode(JsonObject document, out int metadataEnd)
    {
        var buffer = ScratchBuffer.Take();
        using (var writer = new Utf8JsonWriter(buffer, WriterOptions))
        {
            writer.WriteStartObject();
            writer.WritePropertyName("metadata"u8);
            WriteMetadata(writer, document.Metadata());
            metadataEnd = (int)(writer.BytesCommitted + writer.BytesPending) - 1;
            foreach (var (name, value) in document)
            {
                if (name != "metadata" && value is not null)
                {
                    writer.WritePropertyName(name);
                    value.WriteTo(writer);
                }
            }

            writer.WriteEndObject();
        }

        return buffer.WrittenSpan.ToArray();
    }

    private const string ManagedFieldsName = "managedFields";

    /// <summary>How deep what is stored may be: what was accepted can be read again, with what the server wrote into it.</summary>
    public static readonly JsonDocumentOptions ParseOptions = new() { MaxDepth = KubeJson.MaxStoredDepth };

    public static readonly JsonReaderOptions ReaderOptions = new() { MaxDepth = KubeJson.MaxStoredDepth };

    /// <summary>Takes out what a client says of who owns what; null when it says nothing of it that can be read.</summary>
    public static ManagedFields? TakeManagedFields(this JsonObject document)
    {
        if (!document.Metadata().TryGetPropertyValue(ManagedFieldsName, out var given))
        {
            return null;
        }

        document.Metadata().Remove(ManagedFieldsName);
        return given is JsonArray array && (array.Count == 0 || (array.Count == 1 && array[0] is JsonObject { Count: 0 })) ? ManagedFields.None
            : ManagedFields.Parse(given) is { IsEmpty: false } read ? read : null;
    }

    public static void RemoveManagedFields(this JsonObject document) => document.Metadata().Remove(ManagedFieldsName);

    public static void SetManagedFields(this JsonObject document, ManagedFields managed)
    {
        var buffer = new ArrayBufferWriter<byte>(1024);
        using (var writer = new Utf8JsonWriter(buffer, WriterOptions))
        {
            managed.Write(writer);
        }

        document.Metadata()[ManagedFieldsName] = JsonNode.Parse(buffer.WrittenSpan, nodeOptions: null, ParseOptions);
    }

    public static byte[] Utf8(JsonNode node)
    {
        var buffer = ScratchBuffer.Take();
        using (var writer = new Utf8JsonWriter(buffer, WriterOptions))
        {
            node.WriteTo(writer);
        }

        return buffer.WrittenSpan.ToArray();
    }

    /// <summary>Bytes of a type that this process wrote.</summary>
    public static JsonObject Of(IKubeType value) => Decode(KubeJson.Serialize(value));

    public static JsonObject Decode(ReadOnlyMemory<byte> utf8) =>
        JsonNode.Parse(utf8.Span, nodeOptions: null, ParseOptions) as JsonObject ?? throw new InvalidDataException("a stored value is not a JSON object");

    /// <summary>What stands, and a copy with its resourceVersion to be changed: both of one parse.</summary>
    public static (JsonObject Old, JsonObject Copy) DecodeTwice(ReadOnlyMemory<byte> utf8, long revision)
    {
        var root = JsonElement.Parse(utf8.Span, ParseOptions);
        var copy = JsonObject.Create(root) ?? throw new InvalidDataException("a stored value is not a JSON object");
        copy.Metadata()["resourceVersion"] = ResourceVersions.Format(revision);
        return (JsonObject.Create(root)!, copy); // the same root is an object again
    }

    /// <summary>As a client sees it: with its resourceVersion.</summary>
    public static JsonObject DecodeWithVersion(ReadOnlyMemory<byte> utf8, long revision)
    {
        var document = Decode(utf8);
        document.Metadata()["resourceVersion"] = ResourceVersions.Format(revision);
        return document;
    }

    public static JsonObject Metadata(this JsonObject document)
    {
        if (document["metadata"] is JsonObject metadata)
        {
            return metadata;
        }

        metadata = [];
        document["metadata"] = metadata;
        return metadata;
    }

    /// <summary>The string at a path of property names; empty when there is none.</summary>
    public static string TextAt(this JsonObject document, params ReadOnlySpan<string> path) =>
        document.At(path).TryText(out var text) ? text : "";

    public static long? IntegerAt(this JsonObject document, params ReadOnlySpan<string> path) =>
        document.At(path).TryInteger(out var number) ? number : null;

    public static JsonNode? At(this JsonObject document, params ReadOnlySpan<string> path)
    {
        JsonNode? node = document;
        foreach (var name in path)
        {
            node = node is JsonObject parent ? parent[name] : null;
        }

        return node;
    }

    public static JsonArray Items(this JsonObject parent, string name)
    {
        if (parent[name] is JsonArray items)
        {
            return items;
        }

        items = [];
        parent[name] = items;
        return items;
    }

    public static IEnumerable<string> Texts(this JsonNode? array) =>
        array is JsonArray items ? items.OfType<JsonValue>().Select(item => item.ToString()) : [];

    /// <summary>Sets or removes a property so that it equals another document's.</summary>
    public static void Take(this JsonObject document, string name, JsonObject from)
    {
        if (from[name] is { } value)
        {
            document[name] = value.DeepClone();
        }
        else
        {
            document.Remove(name);
        }
    }

    private static void WriteMetadata(Utf8JsonWriter writer, JsonObject metadata)
    {
        writer.WriteStartObject();
        foreach (var (name, value) in metadata)
        {
            if (name != "resourceVersion" && value is not null)
            {
                writer.WritePropertyName(name);
                value.WriteTo(writer);
            }
        }

        writer.WriteEndObject();
    }
}
