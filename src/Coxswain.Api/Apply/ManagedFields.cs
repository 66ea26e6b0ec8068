using System.Buffers;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using Coxswain.Api.Json;

namespace Coxswain.Api.Apply;

/// <summary>Who owns which fields of an object (<c>metadata.managedFields</c>): immutable, one entry a manager, in the API's order.</summary>
public sealed class ManagedFields
{
    /// <summary>More managers that do not apply are merged, the oldest first.</summary>
    public const int MostUpdateManagers = 10;

    public static readonly ManagedFields None = new([]);

    private const string MergedManager = "ancient-changes";
    private const string FieldsType = "FieldsV1";

    private static readonly JsonReaderOptions ReaderOptions = new() { MaxDepth = KubeJson.MaxStoredDepth };

    private ManagedFields(IReadOnlyList<ManagedFieldSet> entries) => Entries = entries;

    public IReadOnlyList<ManagedFieldSet> Entries { get; }

    public bool IsEmpty => Entries.Count == 0;

    public static ManagedFields Of(IEnumerable<ManagedFieldSet> entries) => new([.. entries.Where(entry => !entry.Fields.IsEmpty)
        .OrderBy(entry => entry.Manager.Applies ? 0 : 1).ThenBy(entry => entry.Time, StringComparer.Ordinal)
        .ThenBy(entry => entry.Manager.Name, StringComparer.Ordinal).ThenBy(entry => entry.Manager.ApiVersion, StringComparer.Ordinal)
        .ThenBy(entry => entry.Manager.Subresource, StringComparer.Ordinal)]);

    /// <summary>Those of an object's JSON, of which nothing but its metadata is read; none when they cannot be read.</summary>
    public static ManagedFields ReadObject(ReadOnlySpan<byte> utf8)
    {
        var reader = new Utf8JsonReader(utf8, ReaderOptions);
        reader.Read();
        return MoveTo(ref reader, "metadata"u8) && MoveTo(ref reader, "managedFields"u8) ? ReadArray(ref reader, utf8) ?? None : None;
    }

    /// <summary>Null when it is not a list of entries.</summary>
    public static ManagedFields? Parse(JsonNode? node)
    {
        if (node is not JsonArray)
        {
            return null;
        }

        var buffer = new ArrayBufferWriter<byte>(1024);
        using (var writer = new Utf8JsonWriter(buffer, new JsonWriterOptions { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping, SkipValidation = true }))
        {
            node.WriteTo(writer);
        }

        var reader = new Utf8JsonReader(buffer.WrittenSpan, ReaderOptions);
        reader.Read();
        return ReadArray(ref reader, buffer.WrittenSpan);
    }

    public ManagedFieldSet? Find(FieldManager manager) => Entries.FirstOrDefault(entry => entry.Manager.IsSame(manager));

    public void Write(Utf8JsonWriter writer)
    {
        writer.WriteStartArray();
        foreach (var (manager, time, fields) in Entries)
        {
            writer.WriteStartObject();
            writer.WriteString("manager"u8, manager.Name);
            writer.WriteString("operation"u8, manager.Operation);
            writer.WriteString("apiVersion"u8, manager.ApiVersion);
            if (time.Length > 0)
            {
                writer.WriteString("time"u8, time);
            }

            writer.WriteString("fieldsType"u8, FieldsType);
            writer.WritePropertyName("fieldsV1"u8);
            writer.WriteRawValue(fields.Utf8.Span, skipInputValidation: true);
            if (manager.Subresource.Length > 0)
            {
                writer.WriteString("subresource"u8, manager.Subresource);
            }

            writer.WriteEndObject();
        }

        writer.WriteEndArray();
    }

    /// <summary>Whether both say the same, whenever it was said.</summary>
    public bool HasSameFields(ManagedFields other)
    {
        if (ReferenceEquals(this, other))
        {
            return true;
        }

        return Entries.Count == other.Entries.Count && Entries.All(entry =>
            other.Entries.Any(others => entry.Manager == others.Manager && entry.Fields.Equals(others.Fields)));
    }

    /// <summary>With the oldest managers of updates merged, a version at a time, until there are few enough.</summary>
    internal ManagedFields Capped()
    {
        var updates = Entries.Where(entry => !entry.Manager.Applies).ToList();
        var excess = updates.Count - MostUpdateManagers;
        if (excess <= 0)
        {
            return this;
        }

        var entries = Entries.ToList();
        var oldest = new Dictionary<string, ManagedFieldSet>(StringComparer.Ordinal);
        foreach (var entry in updates)
        {
            var version = entry.Manager.ApiVersion;
            if (!oldest.TryGetValue(version, out var bucket))
            {
                oldest.Add(version, entry);
                continue;
            }

            entries.Remove(bucket);
            entries.Remove(entry);
            var manager = new FieldManager(MergedManager, Applies: false, version);
            if (entries.Find(other => other.Manager == manager) is { } merged)
            {
                entries.Remove(merged);
                bucket = bucket with { Fields = bucket.Fields.Union(merged.Fields) };
            }

            var union = new ManagedFieldSet(manager, entry.Time, bucket.Fields.Union(entry.Fields));
            entries.Add(union);
            oldest[version] = union;
            if (--excess == 0)
            {
                break;
            }
        }

        return Of(entries);
    }

    private static ManagedFields? ReadArray(ref Utf8JsonReader reader, ReadOnlySpan<byte> utf8)
    {
        if (reader.TokenType != JsonTokenType.StartArray)
        {
            return null;
        }

        var entries = new List<ManagedFieldSet>();
        try
        {
            while (reader.Read() && reader.TokenType == JsonTokenType.StartObject)
            {
                if (ReadEntry(ref reader, utf8) is not { } entry)
                {
                    return null;
                }

                // The last entry of a manager counts.
                entries.RemoveAll(other => other.Manager.IsSame(entry.Manager));
                entries.Add(entry);
            }
        }
        catch (FormatException)
        {
            return null;
        }

        return reader.TokenType == JsonTokenType.EndArray ? Of(entries) : null;
    }

    private static ManagedFieldSet? ReadEntry(ref Utf8JsonReader reader, ReadOnlySpan<byte> utf8)
    {
        string name = "", operation = "", apiVersion = "", time = "", fieldsType = "", subresource = "";
        var fields = FieldSet.Empty;
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            if (reader.ValueTextEquals("fieldsV1"u8))
            {
                reader.Read();
                var start = (int)reader.TokenStartIndex;
                reader.Skip();
                if (reader.TokenType != JsonTokenType.Null)
                {
                    fields = FieldSetPool.Read(utf8[start..(int)reader.BytesConsumed]);
                }
            }
            else if (reader.ValueTextEquals("manager"u8))
            {
                name = Text(ref reader);
            }
            else if (reader.ValueTextEquals("operation"u8))
            {
                operation = Text(ref reader);
            }
            else if (reader.ValueTextEquals("apiVersion"u8))
            {
                apiVersion = Text(ref reader);
            }
            else if (reader.ValueTextEquals("time"u8))
            {
                time = Text(ref reader);
            }
            else if (reader.ValueTextEquals("fieldsType"u8))
            {
                fieldsType = Text(ref reader);
            }
            else if (reader.ValueTextEquals("subresource"u8))
            {
                subresource = Text(ref reader);
            }
            else
            {
                reader.Read();
                reader.Skip();
            }
        }

        return operation is FieldManager.Apply or FieldManager.Update && apiVersion.Length > 0 && fieldsType == FieldsType
            ? new ManagedFieldSet(new FieldManager(name, operation == FieldManager.Apply, apiVersion, subresource), time, fields) : null;
    }

    private static string Text(ref Utf8JsonReader reader)
    {
        reader.Read();
        if (reader.TokenType == JsonTokenType.String)
        {
            return StringPool.Read(ref reader);
        }

        reader.Skip();
        return "";
    }

    private static bool MoveTo(ref Utf8JsonReader reader, ReadOnlySpan<byte> name)
    {
        if (reader.TokenType != JsonTokenType.StartObject)
        {
            return false;
        }

        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            var found = reader.ValueTextEquals(name);
            reader.Read();
            if (found)
            {
                return true;
            }

            reader.Skip();
        }

        return false;
    }
}
