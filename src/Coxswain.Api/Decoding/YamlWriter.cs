using System.Buffers;
using System.Text.Json;
using System.Text.Json.Nodes;
using YamlDotNet.Core;
using YamlDotNet.Core.Events;

namespace Coxswain.Api;

/// <summary>Writes a document as YAML that reads back as the same document.</summary>
internal static class YamlWriter
{
    /// <summary>Signs that mean something to YAML somewhere; not every reader agrees on where, so what holds one is quoted.</summary>
    private static readonly SearchValues<char> Signs = SearchValues.Create("*&!|>%@`#{}[]?\"'\\");

    public static string Write(JsonNode? node)
    {
        var text = new StringWriter { NewLine = "\n" };
        var emitter = new Emitter(text, new EmitterSettings().WithBestWidth(int.MaxValue).WithNewLine("\n"));
        emitter.Emit(new StreamStart());
        emitter.Emit(new DocumentStart(null, null, true));
        Write(emitter, node);
        emitter.Emit(new DocumentEnd(true));
        emitter.Emit(new StreamEnd());
        return text.ToString();
    }

    private static void Write(Emitter emitter, JsonNode? node)
    {
        switch (node)
        {
            case JsonObject properties:
                emitter.Emit(new MappingStart(null, null, true, properties.Count == 0 ? MappingStyle.Flow : MappingStyle.Block));
                foreach (var (key, value) in properties)
                {
                    emitter.Emit(Text(key));
                    Write(emitter, value);
                }

                emitter.Emit(new MappingEnd());
                break;
            case JsonArray items:
                emitter.Emit(new SequenceStart(null, null, true, items.Count == 0 ? SequenceStyle.Flow : SequenceStyle.Block));
                foreach (var item in items)
                {
                    Write(emitter, item);
                }

                emitter.Emit(new SequenceEnd());
                break;
            case null:
                emitter.Emit(new Scalar(null, null, "null", ScalarStyle.Plain, true, false));
                break;
            default:
                emitter.Emit(node.GetValueKind() == JsonValueKind.String
                    ? Text(node.GetValue<string>())
                    : new Scalar(null, null, node.ToJsonString(), ScalarStyle.Plain, true, false));
                break;
        }
    }

    private static Scalar Text(string text)
    {
        // Unquoted text that would read as a number, a boolean, a date or nothing needs its quotes.
        var style = YamlScalars.Plain(text) is not string || text is "<<" or "=" || (char.IsAsciiDigit(text[0]) && text.AsSpan().IndexOfAny('-', ':') >= 0)
            ? ScalarStyle.DoubleQuoted
            : text.Contains('\n', StringComparison.Ordinal) ? IsPlainLines(text) ? ScalarStyle.Literal : ScalarStyle.DoubleQuoted
            : text.AsSpan().ContainsAny(Signs) || YamlSpaces.IndexOf(text) >= 0 ? ScalarStyle.DoubleQuoted
            : ScalarStyle.Any;
        return new Scalar(null, null, text, style, true, true);
    }

    /// <summary>Lines that a literal block keeps as they are; anything subtler is quoted.</summary>
    private static bool IsPlainLines(string text) =>
        !char.IsWhiteSpace(text[0]) && text.AsSpan().IndexOfAny('\r', '\t') < 0 && !text.Contains("\n\n", StringComparison.Ordinal)
        && !text.Contains(" \n", StringComparison.Ordinal) && !text.EndsWith(' ');
}
