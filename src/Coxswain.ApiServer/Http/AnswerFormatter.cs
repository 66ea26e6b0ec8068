using System.Buffers;
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
                context, code, HttpAnswer.Json, tables.Begin(request, IncludeObject(context)).Make(new TableSource(entry, revision))),
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

        var body = BodyOf(context, request, page, head, acceptance.Form);
        if (acceptance.Form == AnswerForm.Object && (acceptance.Encoding == AnswerEncoding.Yaml || IsPretty(context)))
        {
            var output = new ArrayBufferWriter<byte>();
            body.Write(output);
            await (acceptance.Encoding == AnswerEncoding.Yaml
                ? HttpAnswer.WriteAsync(context, 200, "application/yaml", Encoding.UTF8.GetBytes(KubeYaml.ToYaml(KubeJson.ParseNode(output.WrittenSpan))))
                : HttpAnswer.WriteAsync(context, 200, HttpAnswer.Json, Indent(output.WrittenSpan)));
            return;
        }

        var response = context.Response;
        response.StatusCode = 200;
        response.ContentType = HttpAnswer.Json;
        if (ListCompression.IsWanted(context.Request, page))
        {
            await ListCompression.WriteAsync(context, body);
            return;
        }

        if (acceptance.Form == AnswerForm.Object)
        {
            response.ContentLength = Measure(head, page);
        }

        await body.WriteAsync(response.BodyWriter, context.RequestAborted);
    }

    private ListBody BodyOf(HttpContext context, ApiRequest request, ListPage page, byte[] head, AnswerForm form)
    {
        switch (form)
        {
            case AnswerForm.Table:
                var table = tables.Begin(request, IncludeObject(context));
                return new ListBody(
                    table.Head(MetaOf(head, request)), page, (output, entry) => table.WriteRow(output, new TableSource(entry, entry.ModRevision)));
            case AnswerForm.PartialObjectMetadataList or AnswerForm.PartialObjectMetadata:
                byte[] opening = [.. PartialMetadata.ListOpening, .. head.AsSpan(request.Resource.ListOpening.Length)];
                return new ListBody(opening, page, static (output, entry) => PartialMetadata.Write(output, entry, entry.ModRevision));
            default:
                return new ListBody(head, page, static (output, entry) => ObjectWriter.Write(output, entry, entry.ModRevision));
        }
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
