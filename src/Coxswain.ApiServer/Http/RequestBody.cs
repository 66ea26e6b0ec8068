using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Coxswain.Api;
using Coxswain.Api.Decoding;
using Coxswain.Api.Errors;
using Coxswain.Api.Json;
using Coxswain.Api.Protobuf;
using Coxswain.Api.Schemata;
using Microsoft.AspNetCore.Http;

namespace Coxswain.ApiServer.Http;

/// <summary>Reads request bodies, in the media types they may come in.</summary>
internal static class RequestBody
{
    private const int FirstBytes = 64 * 1024;

    private static readonly string[] Accepted = ["application/json", "application/yaml", ProtobufDecoder.MediaType];

    public static async ValueTask<byte[]> ReadAsync(HttpRequest request, CancellationToken cancellationToken)
    {
        var length = request.ContentLength ?? 0;
        if (length > ObjectDecoder.MaxSizeBytes)
        {
            throw TooLarge();
        }

        if (request.Headers.ContentEncoding.ToString() is not ("" or "identity"))
        {
            throw new KubeStatusException(Statuses.UnsupportedMediaType(Accepted));
        }

        // What is promised is not held ready: it grows with what comes.
        using var buffer = new MemoryStream((int)Math.Min(length, FirstBytes));
        var reader = request.BodyReader;
        while (true)
        {
            var result = await reader.ReadAsync(cancellationToken);
            foreach (var segment in result.Buffer)
            {
                buffer.Write(segment.Span);
            }

            reader.AdvanceTo(result.Buffer.End);
            if (buffer.Length > ObjectDecoder.MaxSizeBytes)
            {
                throw TooLarge();
            }

            if (result.IsCompleted)
            {
                var body = buffer.Length == buffer.Capacity ? buffer.GetBuffer() : buffer.ToArray();
                AuditTrail.Keep(request, body);
                return body;
            }
        }
    }

    /// <summary>An object of a known kind.</summary>
    public static JsonObject Decode(
        HttpRequest request, byte[] body, ObjectKind kind, Schema schema, FieldValidation validation, List<string> warnings)
    {
        var decoded = MediaType(request) switch
        {
            "application/json" or "" => ObjectDecoder.Decode(body, kind, schema, validation),
            "application/yaml" or "text/yaml" => ObjectDecoder.DecodeYaml(body, kind, schema, validation),
            ProtobufDecoder.MediaType => ObjectDecoder.Decode(FromProtobuf(body, kind), kind, schema, validation),
            _ => throw new KubeStatusException(Statuses.UnsupportedMediaType(Accepted)),
        };
        warnings.AddRange(decoded.Warnings);
        return decoded.Document;
    }

    /// <summary>An optional body of a type that is not an object, such as DeleteOptions.</summary>
    public static T DecodeOptions<T>(HttpRequest request, byte[] body, ObjectKind kind)
        where T : IKubeType<T>
    {
        try
        {
            body = body.Length > 0 && MediaType(request) == ProtobufDecoder.MediaType ? FromProtobuf(body, kind) : body;
            return body.Length == 0 ? KubeJson.Deserialize<T>("{}"u8) : KubeJson.Deserialize<T>(body);
        }
        catch (JsonException exception)
        {
            throw new KubeStatusException(Statuses.BadRequest($"{typeof(T).Name} cannot be read: {exception.Message}"));
        }
    }

    public static string MediaType(HttpRequest request)
    {
        var type = request.ContentType ?? "";
        var end = type.IndexOf(';');
        return (end < 0 ? type : type[..end]).Trim();
    }

    private static byte[] FromProtobuf(byte[] body, ObjectKind kind) =>
        Encoding.UTF8.GetBytes(ProtobufDecoder.Decode(body, kind).ToJsonString());

    private static KubeStatusException TooLarge() =>
        new(Statuses.RequestEntityTooLarge($"limit is {ObjectDecoder.MaxSizeBytes.ToString(System.Globalization.CultureInfo.InvariantCulture)}"));
}
