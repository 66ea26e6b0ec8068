using System.Buffers;
using System.Globalization;
using Coxswain.Api.Json;
using Coxswain.Api.Meta.V1;
using Coxswain.Api.Protobuf;
using Microsoft.AspNetCore.Http;

namespace Coxswain.ApiServer.Http;

/// <summary>Writes whole answers.</summary>
internal static class HttpAnswer
{
    public const string Json = "application/json";

    public static async Task WriteAsync(HttpContext context, int code, string contentType, ReadOnlyMemory<byte> body)
    {
        var response = context.Response;
        response.StatusCode = code;
        response.ContentType = contentType;
        response.ContentLength = body.Length;
        response.BodyWriter.Write(body.Span);
        await response.BodyWriter.FlushAsync(context.RequestAborted);
    }

    public static Task WriteAsync(HttpContext context, Status status)
    {
        var code = status.Code == 0 ? 200 : status.Code;
        if (status.Details is { RetryAfterSeconds: > 0 and var seconds })
        {
            context.Response.Headers.RetryAfter = seconds.ToString(CultureInfo.InvariantCulture);
        }

        var json = KubeJson.Serialize(status);
        return Acceptance.Parse(context.Request.Headers.Accept.ToString(), hasProtobuf: true) is { Encoding: AnswerEncoding.Protobuf }
            ? WriteAsync(context, code, ProtobufDecoder.MediaType, ProtobufEncoder.Encode(Status.ObjectKind, json))
            : WriteAsync(context, code, Json, json);
    }

    /// <summary>Warnings go into headers, so before anything of the body.</summary>
    public static void Warn(HttpContext context, List<string> warnings)
    {
        foreach (var warning in warnings)
        {
            context.Response.Headers.Append("Warning", $"299 - \"{Escape(warning)}\"");
        }
    }

    private static string Escape(string text)
    {
        var escaped = text.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\"", "\\\"", StringComparison.Ordinal);
        return string.Concat(escaped.Select(c => c is >= ' ' and < '\x7f' ? c : ' '));
    }
}
