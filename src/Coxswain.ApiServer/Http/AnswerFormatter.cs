using System.Buffers;
using System.IO.Pipelines;
using System.Text;
using System.Text.Json.Nodes;
using Coxswain.Api;
using Coxswain.Api.Decoding;
using Coxswain.Api.Errors;
using Coxswain.Api.Json;
using Coxswain.Api.Protobuf;
using Coxswain.ApiServer.Documents;
using Coxswain.ApiServer.Resources;
using Coxswain.ApiServer.Tables;
using Coxswain.Store;
using Microsoft.AspNetCore.Http;

namespace Coxswain.ApiServer.Http;

/// <summary>Writes objects and lists in the form the client asked for.</summary>
internal sealed class AnswerFormatter(TableMaker tables)
{
    /// <summary>How much of a list is handed to the connection at a time.</summary>
    private const int FlushBytes = 128 * 1024;

    private static readonly string[] Acceptable = ["application/json", "application/yaml", ProtobufDecoder.MediaType];

    public Task WriteAsync(HttpContext context, ApiRequest request, int code, StoreEntry entry, long revision)
    {
        HttpAnswer.Warn(context, request.Warnings);
        var acceptance = Accept(context, request);
        if (acceptance.Encoding == AnswerEncoding.Protobuf)
        {
            return acceptance.Form switch
            {
                AnswerForm.PartialObjectMetadata => ProtobufAnswer.WriteAsync(
                    context, code, ProtobufAnswer.PartialKind, ProtobufAnswer.PartialMessageOf(entry, revision)),
                AnswerForm.PartialObjectMetadataList => throw NotAcceptable(),
                _ => ProtobufAnswer.WriteAsync(context, code, ProtobufAnswer.KindOf(request), entry, revision),
            };
        }

        if (acceptance.Encoding == AnswerEncoding.Yaml)
        {
            var yaml = KubeYaml.ToYaml(KubeJson.ParseNode(ObjectWriter.ToArray(entry, revision)));
            return HttpAnswer.WriteAsync(context, code, "application/yaml", Encoding.UTF8.GetBytes(yaml));
        }

        return acceptance.Form switch
        {
            AnswerForm.Table => HttpAnswer.WriteAsync(
                context, code, HttpAnswer.Json, tables.Make(request, [new TableSource(entry, revision)], listMeta: $"\"resourceVersion\":\"{revision}\"", IncludeObject(context))),
            AnswerForm.PartialObjectMetadata => HttpAnswer.WriteAsync(context, code, HttpAnswer.Json, PartialMetadata.Encode(entry, revision)),
            AnswerForm.PartialObjectMetadataList => throw NotAcceptable(),
            _ when IsPretty(context) => HttpAnswer.WriteAsync(context, code, HttpAnswer.Json, Indent(ObjectWriter.ToArray(entry, revision))),
            _ => WriteBytesAsync(context, code, entry, revision),
        };
    }

    public async Task WriteListAsync(HttpContext context, ApiRequest request, ListPage page)
    {
        HttpAnswer.Warn(context, request.Warnings);
        var acceptance = Accept(context, request);
        var head = ListHead.Of(request.Resource, page);
        if (acceptance.Encoding == AnswerEncoding.Protobuf)
        {
            await ProtobufAnswer.WriteListAsync(context, request, page, MetaOf(head, request), acceptance.Form != AnswerForm.Object);
            return;
        }

        if (acceptance.Form == AnswerForm.Table)
        {
            var table = tables.Make(
                request, [.. page.Entries.Select(entry => new TableSource(entry, entry.ModRevision))], MetaOf(head, request), IncludeObject(context));
            await HttpAnswer.WriteAsync(context, 200, HttpAnswer.Json, table);
            return;
        }

        if (acceptance.Form is AnswerForm.PartialObjectMetadataList or AnswerForm.PartialObjectMetadata)
        {
            await HttpAnswer.WriteAsync(context, 200, HttpAnswer.Json, PartialMetadataList.Encode(page, head.AsSpan(request.Resource.ListOpening.Length)));
            return;
        }

        if (acceptance.Encoding == AnswerEncoding.Yaml || IsPretty(context))
        {
            var output = new ArrayBufferWriter<byte>();
            WriteItems(output, head, page);
            await (acceptance.Encoding == AnswerEncoding.Yaml
                ? HttpAnswer.WriteAsync(context, 200, "application/yaml", Encoding.UTF8.GetBytes(KubeYaml.ToYaml(KubeJson.ParseNode(output.WrittenSpan))))
                : HttpAnswer.WriteAsync(context, 200, HttpAnswer.Json, Indent(output.WrittenSpan)));
            return;
        }

        await WriteListBytesAsync(context, head, page);
    }

    /// <summary>A document that was made for the answer: a review, a token.</summary>
    public static Task WriteAsync(HttpContext context, ApiRequest request, int code, ObjectKind kind, JsonObject document)
    {
        HttpAnswer.Warn(context, request.Warnings);
        var json = Document.Encode(document);
        return Accepts(context, ProtobufEncoder.Knows(kind)) is { Encoding: AnswerEncoding.Protobuf, Form: AnswerForm.Object }
            ? ProtobufAnswer.WriteAsync(context, code, kind, ProtobufEncoder.Message(kind, json)) : HttpAnswer.WriteAsync(context, code, HttpAnswer.Json, json);
    }

    internal static Acceptance Accept(HttpContext context, ApiRequest request) =>
        Accepts(context, ProtobufAnswer.IsMade(request)) ?? throw NotAcceptable();

    private static Acceptance? Accepts(HttpContext context, bool hasProtobuf) => Acceptance.Parse(context.Request.Headers.Accept.ToString(), hasProtobuf);

    /// <summary>The inside of a list's metadata.</summary>
    private static string MetaOf(byte[] head, ApiRequest request) =>
        Encoding.UTF8.GetString(head.AsSpan(request.Resource.ListOpening.Length..^"},\"items\":[".Length));

    internal static string IncludeObject(HttpContext context) => context.Request.Query.Text("includeObject");

    private static async Task WriteListBytesAsync(HttpContext context, byte[] head, ListPage page)
    {
        var response = context.Response;
        response.StatusCode = 200;
        response.ContentType = HttpAnswer.Json;
        if (ListCompression.IsWanted(context.Request, page))
        {
            await ListCompression.WriteAsync(context, head, page);
            return;
        }

        response.ContentLength = Measure(head, page);
        await WriteItemsAsync(response.BodyWriter, head, page, context.RequestAborted);
    }

    /// <summary>Handed over piece by piece, so that no list is ever whole in memory once more.</summary>
    internal static async Task WriteItemsAsync(PipeWriter output, byte[] head, ListPage page, CancellationToken cancellationToken)
    {
        output.Write(head);
        var pending = head.Length;
        for (var i = 0; i < page.Entries.Count; i++)
        {
            var entry = page.Entries[i];
            if (i > 0)
            {
                output.Write(","u8);
            }

            ObjectWriter.Write(output, entry, entry.ModRevision);
            pending += entry.Value.Length;
            if (pending >= FlushBytes)
            {
                pending = 0;
                if ((await output.FlushAsync(cancellationToken)).IsCompleted)
                {
                    return;
                }
            }
        }

        output.Write("]}"u8);
        await output.FlushAsync(cancellationToken);
    }

    private static void WriteItems(IBufferWriter<byte> output, byte[] head, ListPage page)
    {
        output.Write(head);
        for (var i = 0; i < page.Entries.Count; i++)
        {
            if (i > 0)
            {
                output.Write(","u8);
            }

            ObjectWriter.Write(output, page.Entries[i], page.Entries[i].ModRevision);
        }

        output.Write("]}"u8);
    }

    private static long Measure(byte[] head, ListPage page)
    {
        long length = head.Length + "]}".Length + Math.Max(page.Entries.Count - 1, 0);
        foreach (var entry in page.Entries)
        {
            length += ObjectWriter.Length(entry, entry.ModRevision);
        }

        return length;
    }

    private static async Task WriteBytesAsync(HttpContext context, int code, StoreEntry entry, long revision)
    {
        var response = context.Response;
        response.StatusCode = code;
        response.ContentType = HttpAnswer.Json;
        response.ContentLength = ObjectWriter.Length(entry, revision);
        ObjectWriter.Write(response.BodyWriter, entry, revision);
        await response.BodyWriter.FlushAsync(context.RequestAborted);
    }

    private static bool IsPretty(HttpContext context) => context.Request.QueryString.HasValue && context.Request.Query.Text("pretty") is "true" or "1";

    private static byte[] Indent(ReadOnlySpan<byte> json) =>
        Encoding.UTF8.GetBytes(KubeJson.ParseNode(json)!.ToJsonString(new System.Text.Json.JsonSerializerOptions
        {
            MaxDepth = KubeJson.MaxStoredDepth,
            WriteIndented = true,
            Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
        }) + "\n");

    private static KubeStatusException NotAcceptable() => new(Statuses.NotAcceptable(Acceptable));
}
