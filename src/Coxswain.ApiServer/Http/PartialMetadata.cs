using System.Buffers;
using System.Text.Json;
using Coxswain.ApiServer.Registry;
using Coxswain.Store;

namespace Coxswain.ApiServer.Http;

/// <summary>An object's metadata alone, cut out of its stored bytes.</summary>
internal static class PartialMetadata
{
    private static ReadOnlySpan<byte> Ending => ",\"kind\":\"PartialObjectMetadata\",\"apiVersion\":\"meta.k8s.io/v1\"}"u8;

    public static byte[] Encode(StoreEntry entry, long revision)
    {
        var output = new ArrayBufferWriter<byte>(1024);
        Write(output, entry, revision);
        return output.WrittenSpan.ToArray();
    }

    /// <param name="meta">The list's metadata up to and with the opening of its items.</param>
    public static byte[] EncodeList(ListPage page, ReadOnlySpan<byte> meta)
    {
        var output = new ArrayBufferWriter<byte>(1024);
        output.Write("{\"kind\":\"PartialObjectMetadataList\",\"apiVersion\":\"meta.k8s.io/v1\",\"metadata\":{"u8);
        output.Write(meta);
        for (var i = 0; i < page.Entries.Count; i++)
        {
            if (i > 0)
            {
                output.Write(","u8);
            }

            Write(output, page.Entries[i], page.Entries[i].ModRevision);
        }

        output.Write("]}"u8);
        return output.WrittenSpan.ToArray();
    }

    public static void Write(IBufferWriter<byte> output, StoreEntry entry, long revision)
    {
        var reader = new Utf8JsonReader(entry.Value.Span);
        reader.Read();
        reader.Read();
        reader.Read();
        reader.Skip();
        ObjectWriter.Write(output, new StoreEntry(entry.Key, entry.Value[..(int)reader.BytesConsumed], 0, 0), revision);
        output.Write(Ending);
    }
}
