using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Coxswain.Api.Errors;
using YamlDotNet.Core;

namespace Coxswain.Api.Decoding;

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
        var text = Encoding.UTF8.GetString(yaml).TrimStart('\uFEFF');
        var reader = new YamlReader(new StringReader(text));
        try
        {
            return reader.Read(count);
        }
        catch (YamlException exception)
        {
            if (YamlSpaces.Find(text, Math.Max(exception.End.Line, reader.Line)) is { } space)
            {
                throw Bad(space.Line, YamlSpaces.Describe(space.Column, space.Character));
            }

            var why = exception.InnerException?.Message ?? exception.Message;
            var line = Math.Max(Math.Max(exception.Start.Line, exception.End.Line), reader.Line);
            throw Bad(why.Contains("tab", StringComparison.Ordinal) ? TabLine(text, line) : line, why);
        }
        catch (Exception exception) when (exception is InvalidOperationException or ArgumentException or FormatException or JsonException)
        {
            // How the parser fails inside an unfinished flow collection.
            throw Bad(reader.Line, exception is InvalidOperationException ? "did not find the end of a list or mapping" : exception.Message);
        }
    }

    private static KubeStatusException Bad(long line, string why) =>
        new(Statuses.BadRequest($"error parsing YAML: yaml: line {Math.Max(line, 1)}: {why}"));

    /// <summary>The parser knows that there is a tab in the indentation but not where.</summary>
    private static long TabLine(string text, long after)
    {
        var number = 0;
        foreach (var line in text.AsSpan().EnumerateLines())
        {
            if (++number >= after && line[..^line.TrimStart().Length].Contains('\t'))
            {
                return number;
            }
        }

        return after;
    }
}

/// <summary>One document of a YAML file.</summary>
/// <param name="Line">The line its content begins on, from 1.</param>
public sealed record YamlDocument(byte[] Json, int Line);
