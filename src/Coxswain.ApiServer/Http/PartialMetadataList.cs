using System.Buffers;
using Coxswain.ApiServer.Documents;
using Coxswain.ApiServer.Resources;

namespace Coxswain.ApiServer.Http;

/// <summary>The metadata alone of all objects of a list.</summary>
internal static class PartialMetadataList
{
    /// <param name="meta">The list's metadata up to and with the opening of its items.</param>
    public static byte[] Encode(ListPage page, ReadOnlySpan<byte> meta)
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

            PartialMetadata.Write(output, page.Entries[i], page.Entries[i].ModRevision);
        }

        output.Write("]}"u8);
        return output.WrittenSpan.ToArray();
    }
}
