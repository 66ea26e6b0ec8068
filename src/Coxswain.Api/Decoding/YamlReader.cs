using System.Buffers;
using System.Text.Encodings.Web;
using System.Text.Json;
using YamlDotNet.Core;
using YamlDotNet.Core.Events;

namespace Coxswain.Api;

/// <summary>
/// Reads YAML events into a light tree, so that anchors can be repeated and merge keys resolved, and writes it as
/// JSON. Depth and size are bounded before anything recurses or multiplies.
/// </summary>
internal sealed class YamlReader(TextReader text)
{
    private const int MaxOutputBytes = 4 * ObjectDecoder.MaxSizeBytes;

    private static readonly JsonWriterOptions WriterOptions = new()
    {
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,

        // Duplicate keys are passed on: the decoder reports them.
        SkipValidation = true,
        MaxDepth = ObjectDecoder.MaxDepth,
    };

    private readonly Parser _parser = new(text);
    private readonly Dictionary<AnchorName, YamlValue> _anchors = [];

    /// <summary>The line of the last event, for errors that do not know theirs.</summary>
    public long Line => _parser.Current?.End.Line ?? 1;

    public List<YamlDocument> Read(int count)
    {
        var documents = new List<YamlDocument>();
        while (documents.Count < count && _parser.MoveNext())
        {
            if (_parser.Current is not DocumentStart)
            {
                continue;
            }

            _anchors.Clear();
            Next();
            var root = ReadValue(0);
            if (root is YamlScalar { Value: null })
            {
                continue;
            }

            var buffer = new ArrayBufferWriter<byte>(1024);
            using (var writer = new Utf8JsonWriter(buffer, WriterOptions))
            {
                Write(writer, root, 0);
            }

            documents.Add(new YamlDocument(buffer.WrittenSpan.ToArray(), root.Line));
        }

        return documents;
    }

    private void Next()
    {
        if (!_parser.MoveNext())
        {
            throw new YamlException("unexpected end of the document");
        }
    }

    /// <summary>Reads the value whose first event is current, up to its last event.</summary>
    private YamlValue ReadValue(int depth)
    {
        var start = _parser.Current!.Start;
        if (depth >= ObjectDecoder.MaxDepth)
        {
            throw new YamlException(start, start, "exceeded max depth");
        }

        var line = (int)start.Line;
        switch (_parser.Current)
        {
            case Scalar scalar:
                return Keep(scalar, YamlScalars.Resolve(scalar, line));
            case AnchorAlias alias:
                return _anchors.TryGetValue(alias.Value, out var known)
                    ? known
                    : throw new YamlException(start, start, $"unknown anchor '{alias.Value}' referenced");
            case SequenceStart sequence:
                var items = new List<YamlValue>();
                for (Next(); _parser.Current is not SequenceEnd; Next())
                {
                    items.Add(ReadValue(depth + 1));
                }

                return Keep(sequence, new YamlSequence(items, line));
            case MappingStart mapping:
                return Keep(mapping, ReadMapping(depth, line));
            default:
                throw new YamlException(start, start, "did not find expected node content");
        }
    }

    private YamlMapping ReadMapping(int depth, int line)
    {
        var entries = new List<KeyValuePair<string, YamlValue>>();
        var merged = new List<YamlMapping>();
        for (Next(); _parser.Current is not MappingEnd; Next())
        {
            var at = _parser.Current!.Start;
            var isMerge = _parser.Current is Scalar { Style: ScalarStyle.Plain, Value: "<<" };
            var key = ReadValue(depth + 1) is YamlScalar scalar
                ? scalar.Key
                : throw new YamlException(at, at, "a key must be a scalar");
            Next();
            var value = ReadValue(depth + 1);
            if (isMerge)
            {
                merged.AddRange(value switch
                {
                    YamlMapping mapping => [mapping],
                    YamlSequence sequence when sequence.Items.All(item => item is YamlMapping) => sequence.Items.Cast<YamlMapping>(),
                    _ => throw new YamlException(at, at, "map merge requires map or sequence of maps as the value"),
                });
            }
            else
            {
                entries.Add(new(key, value));
            }
        }

        if (merged.Count > 0)
        {
            var own = entries.Select(entry => entry.Key).ToHashSet(StringComparer.Ordinal);
            entries.AddRange(merged.SelectMany(mapping => mapping.Entries).Where(entry => own.Add(entry.Key)));
        }

        return new YamlMapping(entries, line);
    }

    private YamlValue Keep(NodeEvent node, YamlValue value)
    {
        if (!node.Anchor.IsEmpty)
        {
            _anchors[node.Anchor] = value;
        }

        return value;
    }

    private static void Write(Utf8JsonWriter writer, YamlValue value, int depth)
    {
        // Aliases multiply: a short document can name a huge one.
        if (writer.BytesCommitted + writer.BytesPending > MaxOutputBytes || depth > ObjectDecoder.MaxDepth)
        {
            var at = new Mark(0, value.Line, 1);
            throw new YamlException(at, at, "document contains excessive aliasing");
        }

        switch (value)
        {
            case YamlMapping mapping:
                writer.WriteStartObject();
                foreach (var (key, item) in mapping.Entries)
                {
                    writer.WritePropertyName(key);
                    Write(writer, item, depth + 1);
                }

                writer.WriteEndObject();
                break;
            case YamlSequence sequence:
                writer.WriteStartArray();
                foreach (var item in sequence.Items)
                {
                    Write(writer, item, depth + 1);
                }

                writer.WriteEndArray();
                break;
            case YamlScalar scalar:
                scalar.Write(writer);
                break;
        }
    }
}

/// <summary>A YAML value and the line it begins on.</summary>
internal abstract record YamlValue(int Line);

internal sealed record YamlMapping(List<KeyValuePair<string, YamlValue>> Entries, int Line) : YamlValue(Line);

internal sealed record YamlSequence(List<YamlValue> Items, int Line) : YamlValue(Line);
