using System.Buffers;
using System.Text;
using Coxswain.Api;
using Coxswain.Api.Protobuf;
using Coxswain.ApiServer.Documents;
using Coxswain.ApiServer.Resources;
using Coxswain.ApiServer.Verbs;
using Coxswain.Store;
using Microsoft.AspNetCore.Http;

namespace Coxswain.ApiServer.Http;

/// <summary>Writes objects and lists as protobuf, of messages that are made once and kept with what is stored.</summary>
internal static class ProtobufAnswer
{
    public static readonly ObjectKind PartialKind = new("meta.k8s.io/v1", "PartialObjectMetadata");
    private static readonly ObjectKind PartialListKind = new("meta.k8s.io/v1", "PartialObjectMetadataList");

    /// <summary>How much of a list is handed to the connection at a time.</summary>
    private const int FlushBytes = 128 * 1024;

    /// <summary>Of what a request's answers are: the resource's own, but for subresources that have another.</summary>
    public static ObjectKind KindOf(ApiRequest request) => request.Subresource == "scale" ? ScaleDocument.Kind : request.Resource.Kind;

    /// <summary>Whether what is answered has a protobuf form; custom resources have none.</summary>
    public static bool IsMade(ApiRequest request) => request.Resource.Schema is { IsStructural: false } || request.Subresource == "scale";

    public static Task WriteAsync(HttpContext context, int code, ObjectKind kind, ReadOnlySpan<byte> message) =>
        HttpAnswer.WriteAsync(context, code, ProtobufDecoder.MediaType, ProtobufEncoder.Enclose(kind, message));

    /// <param name="revision">The resourceVersion to show; 0 for an object that was not stored.</param>
    public static Task WriteAsync(HttpContext context, int code, ObjectKind kind, StoreEntry entry, long revision) =>
        WriteAsync(context, code, kind, MessageOf(kind, entry, revision));

    public static byte[] MessageOf(ObjectKind kind, StoreEntry entry, long revision) => revision == entry.ModRevision && revision != 0
        ? StoredObject.Of(entry).Message(kind) : ProtobufEncoder.Message(kind, ObjectWriter.ToArray(entry, revision));

    public static byte[] PartialMessageOf(StoreEntry entry, long revision) =>
        ProtobufEncoder.Message(PartialKind, PartialMetadata.Encode(entry, revision));

    /// <param name="meta">The inside of the list's metadata as JSON.</param>
    public static async Task WriteListAsync(HttpContext context, ApiRequest request, ListPage page, string meta, bool isPartial)
    {
        var kind = KindOf(request);
        byte[][] items = [.. page.Entries.Select(entry =>
            isPartial ? PartialMessageOf(entry, entry.ModRevision) : MessageOf(kind, entry, entry.ModRevision))];
        var listKind = isPartial ? PartialListKind : kind with { Kind = kind.Kind + "List" };
        var head = ProtobufEncoder.ListHead(listKind, Encoding.UTF8.GetBytes($"{{{meta}}}"), items);
        var response = context.Response;
        response.StatusCode = 200;
        response.ContentType = ProtobufDecoder.MediaType;
        var output = response.BodyWriter;
        output.Write(head);
        var pending = head.Length;
        foreach (var item in items)
        {
            ProtobufEncoder.ItemHead(output, item);
            output.Write(item);
            pending += item.Length;
            if (pending >= FlushBytes)
            {
                pending = 0;
                if ((await output.FlushAsync(context.RequestAborted)).IsCompleted)
                {
                    return;
                }
            }
        }

        await output.FlushAsync(context.RequestAborted);
    }
}
