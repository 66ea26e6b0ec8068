using System.Globalization;
using Coxswain.Api.Protobuf;

namespace Coxswain.ApiServer.Http;

/// <summary>The form a client wants its answer in, from its Accept header.</summary>
internal enum AnswerForm
{
    Object,
    Table,
    PartialObjectMetadata,
    PartialObjectMetadataList,
}

/// <summary>How the form is written.</summary>
internal enum AnswerEncoding
{
    Json,
    Yaml,
    Protobuf,
}

/// <summary>What was negotiated.</summary>
internal readonly record struct Acceptance(AnswerForm Form, AnswerEncoding Encoding)
{
    public static readonly Acceptance Json = new(AnswerForm.Object, AnswerEncoding.Json);

    /// <summary>The first of what the client accepts, in the order of its preference, that can be made; null when nothing can.</summary>
    /// <param name="hasProtobuf">Whether the object's kind has a protobuf form; metadata alone always has.</param>
    public static Acceptance? Parse(string accept, bool hasProtobuf)
    {
        if (accept.Length == 0 || accept is "*/*" or "application/json")
        {
            return Json;
        }

        var ranges = accept.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);
        foreach (var range in accept.Contains("q=", StringComparison.Ordinal) ? ranges.OrderByDescending(Quality) : (IEnumerable<string>)ranges)
        {
            if (Read(range, hasProtobuf) is { } acceptance)
            {
                return acceptance;
            }
        }

        return null;
    }

    private static Acceptance? Read(string range, bool hasProtobuf)
    {
        var parts = range.Split(';', StringSplitOptions.TrimEntries);
        AnswerEncoding? encoding = parts[0] switch
        {
            "application/json" or "*/*" or "application/*" => AnswerEncoding.Json,
            "application/yaml" or "text/yaml" => AnswerEncoding.Yaml,
            ProtobufDecoder.MediaType => AnswerEncoding.Protobuf,
            _ => null,
        };
        if (encoding is not { } known)
        {
            return null;
        }

        string form = "", version = "v1", apiGroup = "";
        foreach (var part in parts.AsSpan(1))
        {
            if (part.StartsWith("as=", StringComparison.Ordinal))
            {
                form = part[3..];
            }
            else if (part.StartsWith("v=", StringComparison.Ordinal))
            {
                version = part[2..];
            }
            else if (part.StartsWith("g=", StringComparison.Ordinal))
            {
                apiGroup = part[2..];
            }
        }

        if (form.Length == 0)
        {
            return known == AnswerEncoding.Protobuf && !hasProtobuf ? null : new Acceptance(AnswerForm.Object, known);
        }

        // v1beta1 tables differ only in their apiVersion; clients that ask for them ask for v1 first.
        return known != AnswerEncoding.Yaml && apiGroup == "meta.k8s.io" && version == "v1"
            && Enum.TryParse<AnswerForm>(form, out var other) && other != AnswerForm.Object
            && !(known == AnswerEncoding.Protobuf && other == AnswerForm.Table)
            ? new Acceptance(other, known) : null;
    }

    private static double Quality(string range)
    {
        var at = range.IndexOf(";q=", StringComparison.Ordinal);
        at = at < 0 ? range.IndexOf("; q=", StringComparison.Ordinal) : at;
        if (at < 0)
        {
            return 1;
        }

        var text = range[(range.IndexOf('=', at) + 1)..];
        var end = text.IndexOf(';', StringComparison.Ordinal);
        return double.TryParse(end < 0 ? text : text[..end], NumberStyles.Float, CultureInfo.InvariantCulture, out var quality) ? quality : 1;
    }
}
