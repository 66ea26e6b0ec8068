using System.Buffers;
using System.Text.Json;
using Coxswain.Store;

namespace Coxswain.ApiServer.Documents;

/// <summary>An object's metadata alone, cut out of its stored bytes.</summary>
internal static class PartialMetadata
{
    private static ReadOnlySpan<byte> Ending => ",\"kind\":\"PartialObjectMetadata\",\"apiVersion\":\"meta.k8s.io/v1\"}"u8;

    /// <summary>What a list of these begins with, up to the inside of its metadata.</summary>
    public static ReadOnlySpan<byte> ListOpening =>
        "{\"kind\":\"PartialObjectMetadataList\",\"apiVersion\":\"meta.k8s.io/v1\",\"metadata\":{"u8;

    public static byte[] Encode(StoreEntry entry, long revision)
    {
        var output = new ArrayBufferWriter<byte>(1024);
        Write(output, entry, revision);
        return output.WrittenSpan.ToArray();
    }

    public static void Write(IBufferWriter<byte> output, StoreEntry entry, long revision)
    {
        var reader = new Utf8JsonReader(entry.Value.Span, Document.ReaderOptions);
        reader.Read();
        reader.Read();
        reader.Read();
        reader.Skip();
        ObjectWriter.Write(output, new StoreEntry(entry.Key, entry.Value[..(int)reader.BytesConsumed], 0, 0), revision);
        output.Write(Ending);
    }
}
