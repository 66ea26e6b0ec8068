using System.Buffers;
using System.Text.Json;
using System.Text.Json.Nodes;
using YamlDotNet.Core;
using YamlDotNet.Core.Events;

namespace Coxswain.Api.Decoding;

/// <summary>Writes a document as YAML that reads back as the same document.</summary>
internal static class YamlWriter
{
    /// <summary>
    /// The signs that text without quotes may hold, beside letters and digits; what else means nothing is not agreed
    /// on by every reader.
    /// </summary>
    private static readonly SearchValues<char> PlainSigns = SearchValues.Create(" _-./:+=,@()~^$;<");

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
        var style = YamlScalars.Plain(text) is not string
            || (char.IsAsciiDigit(text[0]) && text.AsSpan().IndexOfAny('-', ':') >= 0)
            ? ScalarStyle.DoubleQuoted
            : IsPlainLines(text) ? ScalarStyle.Literal
            : IsPlain(text) ? ScalarStyle.Any
            : ScalarStyle.DoubleQuoted;
        return new Scalar(null, null, text, style, true, true);
    }

    private static bool IsPlain(string text)
    {
        foreach (var c in text)
        {
            if (!char.IsLetterOrDigit(c) && !PlainSigns.Contains(c))
            {
                return false;
            }
        }

        return (char.IsLetterOrDigit(text[0]) || text[0] is '/' or '_' or '.' or '$') && text[^1] is not (' ' or ':')
            && !text.Contains(": ", StringComparison.Ordinal);
    }

    /// <summary>Lines that a literal block keeps as they are; anything subtler is quoted.</summary>
    private static bool IsPlainLines(string text)
    {
        if (!text.Contains('\n', StringComparison.Ordinal) || char.IsWhiteSpace(text[0]) || text.EndsWith(' ')
            || text.Contains("\n\n", StringComparison.Ordinal) || text.Contains(" \n", StringComparison.Ordinal))
        {
            return false;
        }

        foreach (var c in text)
        {
            if (c != '\n' && (char.IsControl(c) || char.IsSurrogate(c) || c is '\u2028' or '\u2029' or '\uFEFF'))
            {
                return false;
            }
        }

        return true;
    }
}
