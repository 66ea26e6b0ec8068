using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using YamlDotNet.Core;

namespace Coxswain.Api;

/// <summary>YAML in and out of JSON, with the scalars Kubernetes reads: YAML 1.1's <c>yes</c> and <c>on</c> are booleans.</summary>
public static class KubeYaml
{
    /// <summary>The first document as JSON; an empty input is <c>null</c>.</summary>
    /// <exception cref="KubeStatusException">Not YAML: BadRequest with the line.</exception>
    public static byte[] ToJson(ReadOnlySpan<byte> yaml) => ReadAll(yaml, 1) is [var first, ..] ? first.Json : "null"u8.ToArray();

    /// <summary>Every document of a file, the empty ones left out.</summary>
    public static IReadOnlyList<YamlDocument> ReadAll(ReadOnlySpan<byte> yaml) => ReadAll(yaml, int.MaxValue);

    public static string ToYaml(JsonNode? node) => YamlWriter.Write(node);

    private static List<YamlDocument> ReadAll(ReadOnlySpan<byte> yaml, int count)
    {
        try
        {
            return new YamlReader(new StringReader(Encoding.UTF8.GetString(yaml).TrimStart('\uFEFF'))).Read(count);
        }
        catch (YamlException exception)
        {
            var inner = exception.InnerException?.Message ?? exception.Message;
            throw new KubeStatusException(Statuses.BadRequest($"error parsing YAML: yaml: line {exception.Start.Line}: {inner}"));
        }
        catch (Exception exception) when (exception is InvalidOperationException or ArgumentException or FormatException or JsonException)
        {
            throw new KubeStatusException(Statuses.BadRequest($"error parsing YAML: {exception.Message}"));
        }
    }
}

/// <summary>One document of a YAML file.</summary>
/// <param name="Line">The line its content begins on, from 1.</param>
public sealed record YamlDocument(byte[] Json, int Line);
