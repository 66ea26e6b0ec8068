using System.Buffers;
using System.Buffers.Text;
using System.Text;
using System.Text.Json;
using Coxswain.Api.Json;
using Coxswain.Api.Scalars;
using Coxswain.Api.Schemata;

namespace Coxswain.Api.Protobuf;

/// <summary>
/// Writes the JSON of objects as the protobuf that Go's typed clients read; what <see cref="ProtobufDecoder"/> is for requests.
/// What JSON leaves out is left out here too: who reads it sees the zero value, as after JSON.
/// </summary>
public static class ProtobufEncoder
{
    private const int WatchEventType = 1;
    private const int WatchEventObject = 2;

    private static ReadOnlySpan<byte> Magic => [0x6b, 0x38, 0x73, 0x00];

    /// <summary>Whether there are numbers for the kind's fields.</summary>
    public static bool Knows(ObjectKind kind) => TypeOf(kind) is not null;

    /// <summary>An object's message, without what says of which kind it is.</summary>
    /// <param name="json">One JSON object.</param>
    /// <exception cref="ArgumentException">The kind is not known.</exception>
    public static byte[] Message(ObjectKind kind, ReadOnlySpan<byte> json)
    {
        var type = TypeOf(kind) ?? throw new ArgumentException($"{kind} has no protobuf form", nameof(kind));
        var output = new ProtobufWriter(json.Length);
        var reader = new Utf8JsonReader(json, KubeJson.ReaderOptions);
        reader.Read();
        WriteStruct(ref reader, type, output);
        return output.Written.ToArray();
    }

    /// <summary>A whole answer: the message with its kind around it.</summary>
    public static byte[] Enclose(ObjectKind kind, ReadOnlySpan<byte> message)
    {
        var output = new ProtobufWriter(message.Length + 128);
        Enclose(output, kind, message.Length);
        output.Raw(message);
        return output.Written.ToArray();
    }

    /// <inheritdoc cref="Message"/>
    public static byte[] Encode(ObjectKind kind, ReadOnlySpan<byte> json) => Enclose(kind, Message(kind, json));

    /// <summary>What a list's answer begins with; its items follow, each by <see cref="ItemHead"/> and its message.</summary>
    /// <param name="kind">Of the list.</param>
    /// <param name="metadata">Its metadata as a JSON object.</param>
    public static byte[] ListHead(ObjectKind kind, ReadOnlySpan<byte> metadata, IEnumerable<byte[]> items)
    {
        var list = new ProtobufWriter(metadata.Length + 16);
        list.Bytes(1, Message(new ObjectKind("meta.k8s.io/v1", "ListMeta"), metadata));
        long length = list.Length;
        foreach (var item in items)
        {
            length += 1 + ProtobufWriter.VarintLength((ulong)item.Length) + item.Length;
        }

        var output = new ProtobufWriter(list.Length + 128);
        Enclose(output, kind, length);
        output.Raw(list.Written);
        return output.Written.ToArray();
    }

    /// <summary>What stands before an item's message in a list.</summary>
    public static void ItemHead(IBufferWriter<byte> target, byte[] item)
    {
        var span = target.GetSpan(11);
        span[0] = (2 << 3) | 2;
        var i = 1;
        for (var length = (uint)item.Length; ; length >>= 7)
        {
            if (length < 0x80)
            {
                span[i++] = (byte)length;
                break;
            }

            span[i++] = (byte)(length | 0x80);
        }

        target.Advance(i);
    }

    /// <summary>One event of a watch: a message (WatchEvent) after its length in four bytes.</summary>
    public static byte[] Frame(string type, ObjectKind kind, ReadOnlySpan<byte> message)
    {
        var output = new ProtobufWriter(message.Length + 160);
        output.Raw("\0\0\0\0"u8);
        output.Text(WatchEventType, type);
        var raw = output.Open(WatchEventObject);
        var inner = output.Open(1);
        Enclose(output, kind, message.Length);
        output.Raw(message);
        output.Close(inner);
        output.Close(raw);
        var frame = output.Written.ToArray();
        System.Buffers.Binary.BinaryPrimitives.WriteInt32BigEndian(frame, frame.Length - 4);
        return frame;
    }

    /// <summary>ListMeta is no kind of its own, but has a type.</summary>
    private static ProtobufType? TypeOf(ObjectKind kind) => kind is { Kind: "ListMeta" } ? ProtobufType.Find("meta/v1.ListMeta")
        : Schemas.Find(kind) is { } schema ? ProtobufType.Find(schema.TypeName) : null;

    private static void Enclose(ProtobufWriter output, ObjectKind kind, long messageLength)
    {
        output.Raw(Magic);
        var meta = output.Open(1);
        output.Text(1, kind.ApiVersion);
        output.Text(2, kind.Kind);
        output.Close(meta);
        output.Head(2, messageLength);
    }

    /// <param name="reader">Stands on the object's opening, and on its end after.</param>
    private static void WriteStruct(ref Utf8JsonReader reader, ProtobufType type, ProtobufWriter output)
    {
        if (reader.TokenType != JsonTokenType.StartObject)
        {
            reader.Skip();
            return;
        }

        foreach (var inlined in type.Inlined)
        {
            // Its fields stand among the others: they are read again for it.
            var again = reader;
            var before = output.Length;
            var start = output.Open(inlined.Number);
            WriteStruct(ref again, inlined.Type, output);
            if (output.Length == start)
            {
                output.Truncate(before);
            }
            else
            {
                output.Close(start);
            }
        }

        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            var field = type.Field(reader.ValueSpan);
            reader.Read();
            if (field is null || reader.TokenType == JsonTokenType.Null)
            {
                reader.Skip();
                continue;
            }

            WriteField(ref reader, field.Number, field.Type, output);
        }
    }

    private static void WriteField(ref Utf8JsonReader reader, int number, ProtobufType type, ProtobufWriter output)
    {
        switch (type.Form)
        {
            case ProtobufForm.List when reader.TokenType == JsonTokenType.StartArray:
                while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
                {
                    WriteValue(ref reader, number, type.Item!, output); // a list has items
                }

                break;
            case ProtobufForm.Map when reader.TokenType == JsonTokenType.StartObject:
                while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
                {
                    var entry = output.Open(number);
                    WriteText(ref reader, 1, output);
                    reader.Read();
                    if (reader.TokenType != JsonTokenType.Null)
                    {
                        WriteValue(ref reader, 2, type.Item!, output); // a map has values
                    }

                    output.Close(entry);
                }

                break;
            case ProtobufForm.List or ProtobufForm.Map:
                reader.Skip();
                break;
            default:
                WriteValue(ref reader, number, type, output);
                break;
        }
    }

    private static void WriteValue(ref Utf8JsonReader reader, int number, ProtobufType type, ProtobufWriter output)
    {
        switch (type.Form)
        {
            case ProtobufForm.String:
                WriteText(ref reader, number, output);
                break;
            case ProtobufForm.Boolean:
                output.Number(number, reader.TokenType == JsonTokenType.True ? 1 : 0);
                break;
            case ProtobufForm.Integer:
                output.Number(number, IntegerAt(ref reader));
                break;
            case ProtobufForm.Double:
                output.Double(number, reader.TokenType == JsonTokenType.Number ? reader.GetDouble() : 0);
                break;
            case ProtobufForm.Bytes:
                WriteBytes(ref reader, number, output);
                break;
            case ProtobufForm.Raw:
                WriteRaw(ref reader, number, output);
                break;
            default:
                var start = output.Open(number);
                WriteInside(ref reader, type, output);
                output.Close(start);
                break;
        }
    }

    private static void WriteInside(ref Utf8JsonReader reader, ProtobufType type, ProtobufWriter output)
    {
        switch (type.Form)
        {
            case ProtobufForm.Quantity:
                WriteText(ref reader, 1, output);
                break;
            case ProtobufForm.IntOrString when reader.TokenType == JsonTokenType.String:
                output.Number(1, 1);
                output.Number(2, 0);
                WriteText(ref reader, 3, output);
                break;
            case ProtobufForm.IntOrString:
                output.Number(1, 0);
                output.Number(2, IntegerAt(ref reader));
                output.Text(3, "");
                break;
            case ProtobufForm.Time or ProtobufForm.MicroTime:
                if (reader.TokenType == JsonTokenType.String && KubeTime.TryParse(reader.GetString()!, out var time)) // a string
                {
                    output.Number(1, time.ToUnixTimeSeconds());
                    output.Number(2, time.UtcTicks % TimeSpan.TicksPerSecond * 100);
                }

                break;
            case ProtobufForm.Duration:
                if (reader.TokenType == JsonTokenType.String && KubeDuration.TryParse(reader.GetString()!, out var duration)) // a string
                {
                    output.Number(1, duration.Ticks * 100);
                }

                break;
            case ProtobufForm.WrappedList when reader.TokenType == JsonTokenType.StartArray:
                while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
                {
                    WriteValue(ref reader, 1, type.Item!, output); // a list has items
                }

                break;
            case ProtobufForm.Choice:
                WriteChoice(ref reader, type, output);
                break;
            case ProtobufForm.Struct:
                WriteStruct(ref reader, type, output);
                break;
            default:
                reader.Skip();
                break;
        }
    }

    /// <summary>The field whose form the JSON has; Go says beside a schema that it allows something.</summary>
    private static void WriteChoice(ref Utf8JsonReader reader, ProtobufType type, ProtobufWriter output)
    {
        var isObject = reader.TokenType == JsonTokenType.StartObject;
        var wanted = isObject ? ProtobufForm.Struct : reader.TokenType == JsonTokenType.StartArray ? ProtobufForm.List : ProtobufForm.Boolean;
        ProtobufField? chosen = null;
        foreach (var field in type.Fields())
        {
            if (field.Type.Form == wanted)
            {
                chosen = field;
            }
            else if (isObject && field.Type.Form == ProtobufForm.Boolean)
            {
                output.Number(field.Number, 1);
            }
        }

        if (chosen is null)
        {
            reader.Skip();
            return;
        }

        WriteField(ref reader, chosen.Number, chosen.Type, output);
    }

    private static long IntegerAt(ref Utf8JsonReader reader) =>
        reader.TokenType != JsonTokenType.Number ? 0 : reader.TryGetInt64(out var integer) ? integer : (long)reader.GetDouble();

    private static void WriteText(ref Utf8JsonReader reader, int number, ProtobufWriter output)
    {
        switch (reader.TokenType)
        {
            case JsonTokenType.String or JsonTokenType.PropertyName when reader.ValueIsEscaped:
                var start = output.Open(number);
                output.Advance(reader.CopyString(output.Reserve(reader.ValueSpan.Length)));
                output.Close(start);
                break;
            case JsonTokenType.String or JsonTokenType.PropertyName or JsonTokenType.Number or JsonTokenType.True or JsonTokenType.False:
                output.Bytes(number, reader.ValueSpan);
                break;
            default:
                reader.Skip();
                output.Bytes(number, default);
                break;
        }
    }

    private static void WriteBytes(ref Utf8JsonReader reader, int number, ProtobufWriter output)
    {
        var start = output.Open(number);
        if (reader.TokenType == JsonTokenType.String)
        {
            var text = reader.ValueIsEscaped ? Encoding.UTF8.GetBytes(reader.GetString()!) : reader.ValueSpan; // a string
            var status = Base64.DecodeFromUtf8(text, output.Reserve(Base64.GetMaxDecodedFromUtf8Length(text.Length)), out _, out var written);
            output.Advance(status == OperationStatus.Done ? written : 0);
        }
        else
        {
            reader.Skip();
        }

        output.Close(start);
    }

    /// <summary>JSON as it stands, in a message of one field.</summary>
    private static void WriteRaw(ref Utf8JsonReader reader, int number, ProtobufWriter output)
    {
        var start = output.Open(number);
        using var value = JsonDocument.ParseValue(ref reader);
        output.Text(1, value.RootElement.GetRawText());
        output.Close(start);
    }
}
