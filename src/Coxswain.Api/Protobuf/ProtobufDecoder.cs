using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Coxswain.Api.Decoding;
using Coxswain.Api.Errors;
using Coxswain.Api.Json;
using Coxswain.Api.Scalars;
using Coxswain.Api.Schemata;

namespace Coxswain.Api.Protobuf;

/// <summary>
/// Reads the protobuf that Go's typed clients send (<c>application/vnd.kubernetes.protobuf</c>) into the JSON the same
/// client would have sent otherwise, for <see cref="ObjectDecoder"/> to take from there.
/// </summary>
public static class ProtobufDecoder
{
    public const string MediaType = "application/vnd.kubernetes.protobuf";

    private static ReadOnlySpan<byte> Magic => [0x6b, 0x38, 0x73, 0x00];

    /// <param name="expected">The kind to assume when the body names none.</param>
    /// <exception cref="KubeStatusException">BadRequest: not of this form, or of a kind that is not known.</exception>
    public static JsonObject Decode(ReadOnlySpan<byte> body, ObjectKind expected)
    {
        if (!body.StartsWith(Magic))
        {
            throw new KubeStatusException(Statuses.BadRequest(
                "the provided data does not appear to be a protobuf message, expected prefix [107 56 115 0]"));
        }

        try
        {
            string apiVersion = "", kind = "";
            ReadOnlySpan<byte> raw = default;
            var reader = new ProtobufReader(body[Magic.Length..]);
            while (reader.Next())
            {
                switch (reader.Field)
                {
                    case 1:
                        ReadTypeMeta(reader.Bytes, ref apiVersion, ref kind);
                        break;
                    case 2:
                        raw = reader.Bytes;
                        break;
                }
            }

            var named = new ObjectKind(apiVersion.Length > 0 ? apiVersion : expected.ApiVersion, kind.Length > 0 ? kind : expected.Kind);
            var type = Schemas.Find(named) is { } schema ? ProtobufType.Find(schema.TypeName) : null;
            if (type is null)
            {
                throw new KubeStatusException(Statuses.BadRequest($"no kind \"{named.Kind}\" is registered for version \"{named.ApiVersion}\""));
            }

            var document = new JsonObject();
            ReadStruct(raw, type, document, 0);
            document["kind"] = named.Kind;
            document["apiVersion"] = named.ApiVersion;
            return document;
        }
        catch (Exception exception) when (exception is FormatException or JsonException or ArgumentException)
        {
            throw new KubeStatusException(Statuses.BadRequest($"{expected.Kind} in version \"{expected.Version}\" cannot be handled as a {expected.Kind}: {exception.Message}"));
        }
    }

    private static void ReadTypeMeta(ReadOnlySpan<byte> bytes, ref string apiVersion, ref string kind)
    {
        var reader = new ProtobufReader(bytes);
        while (reader.Next())
        {
            if (reader.Field == 1)
            {
                apiVersion = Encoding.UTF8.GetString(reader.Bytes);
            }
            else if (reader.Field == 2)
            {
                kind = Encoding.UTF8.GetString(reader.Bytes);
            }
        }
    }

    private static void ReadStruct(ReadOnlySpan<byte> bytes, ProtobufType type, JsonObject target, int depth)
    {
        if (depth > KubeJson.MaxDepth)
        {
            throw new FormatException("exceeded max depth");
        }

        var reader = new ProtobufReader(bytes);
        while (reader.Next())
        {
            if (type.Field(reader.Field) is not { } field)
            {
                continue;
            }

            if (field.IsInline && field.Type.Form == ProtobufForm.Struct)
            {
                ReadStruct(reader.Bytes, field.Type, target, depth + 1);
                continue;
            }

            switch (field.Type.Form)
            {
                case ProtobufForm.List:
                    if (target[field.Name] is not JsonArray items)
                    {
                        target[field.Name] = items = [];
                    }

                    items.Add(ReadValue(ref reader, field.Type.Item!, depth)); // a list has items
                    break;
                case ProtobufForm.Map:
                    if (target[field.Name] is not JsonObject entries)
                    {
                        target[field.Name] = entries = [];
                    }

                    ReadEntry(reader.Bytes, field.Type.Item!, entries, depth); // a map has values
                    break;
                default:
                    if (ReadValue(ref reader, field.Type, depth) is { } value && !(field.OmitsZero && IsZero(value)))
                    {
                        target[field.Name] = value;
                    }

                    break;
            }
        }
    }

    private static void ReadEntry(ReadOnlySpan<byte> bytes, ProtobufType type, JsonObject entries, int depth)
    {
        var key = "";
        JsonNode? value = null;
        var reader = new ProtobufReader(bytes);
        while (reader.Next())
        {
            if (reader.Field == 1)
            {
                key = Encoding.UTF8.GetString(reader.Bytes);
            }
            else if (reader.Field == 2)
            {
                value = ReadValue(ref reader, type, depth);
            }
        }

        entries[key] = value ?? Zero(type.Form);
    }

    private static JsonNode? ReadValue(ref ProtobufReader reader, ProtobufType type, int depth)
    {
        switch (type.Form)
        {
            case ProtobufForm.String:
                return Encoding.UTF8.GetString(reader.Bytes);
            case ProtobufForm.Boolean:
                return reader.Number != 0;
            case ProtobufForm.Integer:
                return (long)reader.Number;
            case ProtobufForm.Double:
                return BitConverter.UInt64BitsToDouble(reader.Number);
            case ProtobufForm.Bytes:
                return Convert.ToBase64String(reader.Bytes);
            case ProtobufForm.Quantity:
                return ReadText(reader.Bytes, 1);
            case ProtobufForm.IntOrString:
                return ReadIntOrString(reader.Bytes);
            case ProtobufForm.Time:
            case ProtobufForm.MicroTime:
                return ReadTime(reader.Bytes, type.Form == ProtobufForm.MicroTime);
            case ProtobufForm.Duration:
                return KubeDuration.Format(TimeSpan.FromTicks(ReadNumber(reader.Bytes, 1) / 100));
            case ProtobufForm.Raw:
                var raw = new ProtobufReader(reader.Bytes);
                return raw.Next() && !raw.Bytes.IsEmpty ? KubeJson.ParseNode(raw.Bytes, KubeJson.MaxDepth) : null;
            case ProtobufForm.WrappedList:
                var items = new JsonArray();
                var list = new ProtobufReader(reader.Bytes);
                while (list.Next())
                {
                    items.Add(ReadValue(ref list, type.Item!, depth)); // a list has items
                }

                return items;
            case ProtobufForm.Choice:
                return ReadChoice(reader.Bytes, type, depth + 1);
            default:
                var value = new JsonObject();
                ReadStruct(reader.Bytes, type, value, depth + 1);
                return value;
        }
    }

    /// <summary>The object or list that is set; a scalar, which is written always, only without one.</summary>
    private static JsonNode? ReadChoice(ReadOnlySpan<byte> bytes, ProtobufType type, int depth)
    {
        if (depth > KubeJson.MaxDepth)
        {
            throw new FormatException("exceeded max depth");
        }

        JsonNode? chosen = null;
        var reader = new ProtobufReader(bytes);
        while (reader.Next())
        {
            if (type.Field(reader.Field) is not { } field)
            {
                continue;
            }

            if (field.Type.Form == ProtobufForm.List)
            {
                if (chosen is not JsonArray items)
                {
                    chosen = items = [];
                }

                items.Add(ReadValue(ref reader, field.Type.Item!, depth)); // a list has items
            }
            else if (ReadValue(ref reader, field.Type, depth) is { } value && (value is JsonObject || chosen is null))
            {
                chosen = value;
            }
        }

        return chosen;
    }

    private static string ReadText(ReadOnlySpan<byte> bytes, int field)
    {
        var reader = new ProtobufReader(bytes);
        while (reader.Next())
        {
            if (reader.Field == field)
            {
                return Encoding.UTF8.GetString(reader.Bytes);
            }
        }

        return "";
    }

    private static long ReadNumber(ReadOnlySpan<byte> bytes, int field)
    {
        var reader = new ProtobufReader(bytes);
        while (reader.Next())
        {
            if (reader.Field == field)
            {
                return (long)reader.Number;
            }
        }

        return 0;
    }

    private static JsonNode ReadIntOrString(ReadOnlySpan<byte> bytes) =>
        ReadNumber(bytes, 1) == 1 ? JsonValue.Create(ReadText(bytes, 3)) : JsonValue.Create(ReadNumber(bytes, 2));

    /// <summary>An empty message is Go's zero time, which JSON writes as null.</summary>
    private static JsonNode? ReadTime(ReadOnlySpan<byte> bytes, bool isMicro)
    {
        if (bytes.IsEmpty)
        {
            return null;
        }

        var time = DateTimeOffset.FromUnixTimeSeconds(ReadNumber(bytes, 1)).AddTicks(ReadNumber(bytes, 2) / 100);
        return isMicro ? KubeTime.FormatMicro(time) : KubeTime.Format(time);
    }

    private static bool IsZero(JsonNode value) => value switch
    {
        JsonObject properties => properties.Count == 0,
        JsonArray items => items.Count == 0,
        _ => value.TryText(out var text) ? text.Length == 0
            : value.TryInteger(out var number) ? number == 0 : value.GetValueKind() == JsonValueKind.False,
    };

    private static JsonNode Zero(ProtobufForm form) => form switch
    {
        ProtobufForm.Boolean => JsonValue.Create(false),
        ProtobufForm.Integer => JsonValue.Create(0L),
        ProtobufForm.Struct or ProtobufForm.Choice => new JsonObject(),
        ProtobufForm.WrappedList or ProtobufForm.List => new JsonArray(),
        ProtobufForm.Quantity => JsonValue.Create("0"),
        _ => JsonValue.Create(""),
    };
}
