using System.Buffers;
using System.Text.Encodings.Web;
using System.Text.Json;
using Coxswain.Api.Json;
using YamlDotNet.Core;
using YamlDotNet.Core.Events;

namespace Coxswain.Api.Decoding;

/// <summary>
/// Reads YAML events into a light tree, so that anchors can be repeated and merge keys resolved, and writes it as
/// JSON. Depth, size and what aliases and merges add are bounded before anything recurses or multiplies; the rest is
/// linear in the input.
/// </summary>
internal sealed class YamlReader(TextReader text)
{
    private const int MaxOutputBytes = 4 * ObjectDecoder.MaxSizeBytes;

    /// <summary>
    /// How many values aliases and merges may add to what a document spells out. The reader Kubernetes uses begins to
    /// look askance at the same number.
    /// </summary>
    private const int MaxAliasedValues = 400_000;

    private static readonly JsonWriterOptions WriterOptions = new()
    {
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,

        // Duplicate keys are passed on: the decoder reports them.
        SkipValidation = true,
        MaxDepth = KubeJson.MaxDepth,
    };

    private readonly Parser _parser = new(text);
    private readonly Dictionary<AnchorName, YamlValue> _anchors = [];

    /// <summary>The values spelt out so far, those written, and the entries merges have looked at.</summary>
    private int _read;
    private int _written;
    private int _merged;

    /// <summary>What merging has cost so far, for tests.</summary>
    internal int MergedEntries => _merged;

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
            (_read, _written, _merged) = (0, 0, 0);
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
        if (depth >= KubeJson.MaxDepth)
        {
            throw new YamlException(start, start, "exceeded max depth");
        }

        _read++;
        var line = (int)start.Line;
        switch (_parser.Current)
        {
            case Scalar scalar:
                YamlSpaces.CheckValue(scalar);
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
            if (_parser.Current is Scalar name)
            {
                YamlSpaces.CheckKey(name);
            }

            var isMerge = _parser.Current is Scalar { Style: ScalarStyle.Plain, Value: "<<" };
            var key = ReadValue(depth + 1) is YamlScalar scalar
                ? scalar.Key
                : throw new YamlException(at, at, "a key must be a scalar");
            Next();
            var value = ReadValue(depth + 1);
            if (isMerge)
            {
                AddMerged(merged, value, at);
            }
            else
            {
                entries.Add(new(key, value));
            }
        }

        if (merged.Count > 0)
        {
            Merge(entries, merged);
        }

        return new YamlMapping(entries, line);
    }

    private void AddMerged(List<YamlMapping> merged, YamlValue value, Mark at)
    {
        // A sequence is counted by its items before they are looked at: many mappings may name the same long one.
        CountMerged(value is YamlSequence items ? items.Items.Count : 1, (int)at.Line);
        merged.AddRange(value switch
        {
            YamlMapping mapping => [mapping],
            YamlSequence sequence when sequence.Items.All(item => item is YamlMapping) =>
                sequence.Items.Cast<YamlMapping>(),
            _ => throw new YamlException(at, at, "map merge requires map or sequence of maps as the value"),
        });
    }

    private void Merge(List<KeyValuePair<string, YamlValue>> entries, List<YamlMapping> merged)
    {
        var own = entries.Select(entry => entry.Key).ToHashSet(StringComparer.Ordinal);
        foreach (var mapping in merged)
        {
            CountMerged(mapping.Entries.Count, mapping.Line);
            foreach (var entry in mapping.Entries)
            {
                if (own.Add(entry.Key))
                {
                    entries.Add(entry);
                }
            }
        }
    }

    private void CountMerged(int count, int line)
    {
        _merged += count;
        if (_merged > MaxAliasedValues)
        {
            throw ExcessiveAliasing(line);
        }
    }

    private YamlValue Keep(NodeEvent node, YamlValue value)
    {
        if (!node.Anchor.IsEmpty)
        {
            _anchors[node.Anchor] = value;
        }

        return value;
    }

    private void Write(Utf8JsonWriter writer, YamlValue value, int depth)
    {
        // Aliases multiply: a short document can name a huge one.
        if (++_written > _read + MaxAliasedValues || depth > KubeJson.MaxDepth
            || writer.BytesCommitted + writer.BytesPending > MaxOutputBytes)
        {
            throw ExcessiveAliasing(value.Line);
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

    private static YamlException ExcessiveAliasing(int line)
    {
        var at = new Mark(0, line, 1);
        return new YamlException(at, at, "document contains excessive aliasing");
    }
}

/// <summary>A YAML value and the line it begins on.</summary>
internal abstract record YamlValue(int Line);

internal sealed record YamlMapping(List<KeyValuePair<string, YamlValue>> Entries, int Line) : YamlValue(Line);

internal sealed record YamlSequence(List<YamlValue> Items, int Line) : YamlValue(Line);
