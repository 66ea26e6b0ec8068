using System.Buffers;
using System.Text.Encodings.Web;
using System.Text.Json;
using Coxswain.Api;
using Coxswain.Api.Json;
using Coxswain.Api.Resources;
using Coxswain.Api.Scalars;
using Coxswain.ApiServer.Cells;
using Coxswain.ApiServer.Documents;
using Coxswain.ApiServer.Resources;
using Coxswain.Store;

namespace Coxswain.ApiServer.Tables;

/// <summary>The table one request is answered with: its columns, and rows as they are asked for.</summary>
/// <param name="includeObject">What stands beside a row's cells: None, Metadata (also when empty) or Object.</param>
internal sealed class Table(ApiRequest request, string includeObject, TimeProvider time)
{
    private static readonly JsonWriterOptions WriterOptions = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping, SkipValidation = true };

    private static readonly IReadOnlyList<ApiColumn> DefaultColumns =
    [
        new("Name", "string", "name", 0, null), new("Age", "string", null, 0, null),
    ];

    private static readonly IReadOnlyList<ApiColumn> ScaleColumns =
    [
        new("Name", "string", "name", 0, null), new("Desired", "integer", null, 0, null), new("Available", "integer", null, 0, null),
        new("Age", "string", null, 0, null),
    ];

    private readonly IReadOnlyList<ApiColumn> _columns = request.Subresource == "scale" ? ScaleColumns
        : Described(request.Resource).Resource.Columns is { Count: > 0 } own ? own : DefaultColumns;

    /// <summary>Up to and with the opening of the rows; after them come <c>]}</c>.</summary>
    /// <param name="listMeta">The inside of the table's metadata as JSON.</param>
    public byte[] Head(string listMeta, bool withColumns = true)
    {
        var output = new ArrayBufferWriter<byte>(1024);
        using var writer = new Utf8JsonWriter(output, WriterOptions);
        writer.WriteStartObject();
        writer.WriteString("kind"u8, "Table"u8);
        writer.WriteString("apiVersion"u8, "meta.k8s.io/v1"u8);
        writer.WritePropertyName("metadata"u8);
        writer.WriteRawValue($"{{{listMeta}}}", skipInputValidation: true);
        writer.WriteStartArray("columnDefinitions"u8);
        foreach (var column in withColumns ? _columns : [])
        {
            WriteColumn(writer, column);
        }

        writer.WriteEndArray();
        writer.WriteStartArray("rows"u8);
        writer.Flush();
        return output.WrittenSpan.ToArray();
    }

    public void WriteRow(IBufferWriter<byte> output, TableSource source)
    {
        var now = time.GetUtcNow();
        var cells = request.Subresource == "scale" ? ScaleCells(source.Entry, now)
            : request.Resource.Rules.Cells(Typed(request.Resource, source.Entry), now) ?? Cells(request.Resource, Typed(request.Resource, source.Entry), _columns, now);
        using var writer = new Utf8JsonWriter(output, WriterOptions);
        writer.WriteStartObject();
        writer.WriteStartArray("cells"u8);
        foreach (var cell in cells)
        {
            WriteCell(writer, cell);
        }

        writer.WriteEndArray();
        if (includeObject != "None")
        {
            writer.WritePropertyName("object"u8);
            writer.WriteRawValue(
                includeObject == "Object" ? ObjectWriter.ToArray(source.Entry, source.Revision) : PartialMetadata.Encode(source.Entry, source.Revision),
                skipInputValidation: true);
        }

        writer.WriteEndObject();
    }

    /// <summary>The whole table of one row.</summary>
    public byte[] Make(TableSource source, bool withColumns = true)
    {
        var output = new ArrayBufferWriter<byte>(1024);
        output.Write(Head($"\"resourceVersion\":\"{ResourceVersions.Format(source.Revision)}\"", withColumns));
        WriteRow(output, source);
        output.Write("]}"u8);
        return output.WrittenSpan.ToArray();
    }

    private static void WriteColumn(Utf8JsonWriter writer, ApiColumn column)
    {
        writer.WriteStartObject();
        writer.WriteString("name"u8, column.Name);
        writer.WriteString("type"u8, column.Type);
        writer.WriteString("format"u8, column.Format ?? "");
        writer.WriteString("description"u8, column.Description ?? "");
        writer.WriteNumber("priority"u8, column.Priority);
        writer.WriteEndObject();
    }

    private static object?[] ScaleCells(StoreEntry entry, DateTimeOffset now)
    {
        var scale = KubeJson.Deserialize<Coxswain.Api.Autoscaling.V1.Scale>(entry.Value.Span);
        return [scale.Metadata.Name, scale.Spec.Replicas, scale.Status.Replicas, Ages.Since(scale.Metadata.CreationTimestamp, now)];
    }

    /// <summary>Versions of a built-in kind share the columns of the one that is stored; custom ones have their own.</summary>
    private static ServedResource Described(ServedResource resource) => resource.Custom is null ? resource.Storage : resource;

    /// <summary>Cells of built-in kinds are made of the stored version, whichever was asked for.</summary>
    private static IKubeObject Typed(ServedResource resource, StoreEntry entry) => StoredObject.Of(entry).Read(bytes => resource.Converter is null
        ? resource.Read(bytes) : resource.Storage.Read(Document.Encode(resource.ToStored(Document.Decode(bytes.ToArray())))));

    /// <summary>Name and age are every kind's; the others come from the kind's rules.</summary>
    private static object?[] Cells(ServedResource resource, IKubeObject value, IReadOnlyList<ApiColumn> columns, DateTimeOffset now)
    {
        var cells = new object?[columns.Count];
        for (var i = 0; i < cells.Length; i++)
        {
            cells[i] = columns[i].Name switch
            {
                "Name" => resource.Rules.NameCell(value),
                "Age" => Ages.Since(value.Metadata.CreationTimestamp, now),
                "Created At" => value.Metadata.CreationTimestamp is { } created ? KubeTime.Format(created) : "<unknown>",
                var column => resource.Rules.Cell(value, column, now) ?? "<none>",
            };
        }

        return cells;
    }

    private static void WriteCell(Utf8JsonWriter writer, object? cell)
    {
        switch (cell)
        {
            case null: writer.WriteNullValue(); break;
            case bool truth: writer.WriteBooleanValue(truth); break;
            case int number: writer.WriteNumberValue(number); break;
            case long number: writer.WriteNumberValue(number); break;
            case double number: writer.WriteNumberValue(number); break;
            default: writer.WriteStringValue(cell.ToString()); break;
        }
    }
}
