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

    /// <param name="entries">Taken over.</param>
    public static ManagedFields Of(List<ManagedFieldSet> entries)
    {
        entries.RemoveAll(static entry => entry.Fields.IsEmpty);
        if (entries.Count > 1)
        {
            entries.Sort(static (left, right) => Compare(left, right));
        }

        return entries.Count == 0 ? None : new ManagedFields(entries);
    }

    /// <summary>Those of an object's JSON, of which nothing but its metadata is read; none when they cannot be read.</summary>
    public static ManagedFields ReadObject(ReadOnlySpan<byte> utf8)
    {
        var reader = new Utf8JsonReader(utf8, ReaderOptions);
        reader.Read();
        return MoveTo(ref reader, "metadata"u8) && MoveTo(ref reader, "managedFields"u8) ? ReadArray(ref reader, utf8) ?? None : None;
    }

    /// <summary>Where an object's JSON says who owns what, with the comma before or behind it; empty where it does not.</summary>
    public static Range Locate(ReadOnlySpan<byte> utf8)
    {
        var reader = new Utf8JsonReader(utf8, ReaderOptions);
        reader.Read();
        if (!MoveTo(ref reader, "metadata"u8) || reader.TokenType != JsonTokenType.StartObject)
        {
            return default;
        }

        var end = (int)reader.BytesConsumed;
        var isFirst = true;
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            var found = reader.ValueTextEquals("managedFields"u8);
            var start = isFirst ? (int)reader.TokenStartIndex : end;
            reader.Read();
            reader.Skip();
            end = (int)reader.BytesConsumed;
            if (found)
            {
                return start..(isFirst && utf8[end..].StartsWith(","u8) ? end + 1 : end);
            }

            isFirst = false;
        }

        return default;
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
            fields.Write(writer);
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
        if (Entries.Count <= MostUpdateManagers)
        {
            return this;
        }

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

    /// <summary>Appliers first, then by time, and by all else that tells them apart.</summary>
    private static int Compare(ManagedFieldSet left, ManagedFieldSet right)
    {
        var order = right.Manager.Applies.CompareTo(left.Manager.Applies);
        order = order != 0 ? order : string.CompareOrdinal(left.Time, right.Time);
        order = order != 0 ? order : string.CompareOrdinal(left.Manager.Name, right.Manager.Name);
        order = order != 0 ? order : string.CompareOrdinal(left.Manager.ApiVersion, right.Manager.ApiVersion);
        return order != 0 ? order : string.CompareOrdinal(left.Manager.Subresource, right.Manager.Subresource);
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
