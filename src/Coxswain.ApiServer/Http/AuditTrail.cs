using Coxswain.Api;
using Coxswain.Api.Protobuf;
using Coxswain.ApiServer.Audit;
using Coxswain.ApiServer.Documents;
using Coxswain.ApiServer.Users;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Extensions;

namespace Coxswain.ApiServer.Http;

/// <summary>Follows one request for the audit log.</summary>
internal static class AuditTrail
{
    private const string IdHeader = "Audit-Id";

    /// <returns>Null when nothing of it is written down.</returns>
    public static async ValueTask<AuditRecord?> BeginAsync(
        this AuditLog log, HttpContext context, AuditedRequest request, User runsAs, bool lasts)
    {
        if (log.Begin(request, context.Request.GetEncodedPathAndQuery()) is not { } record)
        {
            return null;
        }

        record.From(context.Connection.RemoteIpAddress?.ToString() ?? "", context.Request.Headers.UserAgent.ToString());
        if (runsAs != request.User)
        {
            record.Impersonates(runsAs);
        }

        context.Features.Set(record);
        context.Response.Headers[IdHeader] = record.Id;
        if (record.TakesResponse && !lasts)
        {
            context.Response.Body = new CopyingStream(context.Response.Body, AuditRecord.MostBodyBytes);
        }

        await log.WriteAsync(record, "RequestReceived", 0, context.RequestAborted);
        if (lasts)
        {
            await log.WriteAsync(record, "ResponseStarted", 200, context.RequestAborted);
        }

        return record;
    }

    public static async ValueTask FinishAsync(this AuditLog log, HttpContext context, AuditRecord record)
    {
        if (context.Response.Body is CopyingStream copy && context.Response.ContentType is { } type)
        {
            record.ResponseBody = ToJson(copy.Copied, type);
        }

        await log.WriteAsync(record, "ResponseComplete", context.Response.StatusCode, CancellationToken.None);
    }

    /// <summary>Keeps a body that was read, where the audit log wants it.</summary>
    public static void Keep(HttpRequest request, byte[] body)
    {
        if (request.HttpContext.Features.Get<AuditRecord>() is { TakesRequest: true } record && body.Length is > 0 and <= AuditRecord.MostBodyBytes)
        {
            record.RequestBody = ToJson(body, request.ContentType ?? "");
        }
    }

    private static ReadOnlyMemory<byte> ToJson(ReadOnlyMemory<byte> body, string contentType)
    {
        if (!contentType.StartsWith(ProtobufDecoder.MediaType, StringComparison.Ordinal))
        {
            return body;
        }

        try
        {
            return Document.Utf8(ProtobufDecoder.Decode(body.Span, new ObjectKind("", "")));
        }
        catch (Coxswain.Api.Errors.KubeStatusException)
        {
            return default;
        }
    }
}
