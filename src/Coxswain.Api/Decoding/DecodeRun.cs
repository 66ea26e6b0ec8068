using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Coxswain.Api.Errors;
using Coxswain.Api.Json;
using Coxswain.Api.Scalars;
using Coxswain.Api.Schemata;

namespace Coxswain.Api.Decoding;

/// <summary>One decoding: walks the JSON and the schema side by side and remembers where it is for its messages.</summary>
internal sealed class DecodeRun(FieldValidation validation)
{
    /// <summary>Findings beyond this many are not told: a body can hold half a million, each with its path.</summary>
    private const int MaxFindings = 100;

    /// <summary>How much of a path is told; keys of maps may be as long as the body.</summary>
    private const int MaxPathLength = 1024;

    private readonly List<Step> _path = new(16);
    private List<string>? _findings;

    public JsonObject ReadRoot(ref Utf8JsonReader reader, Schema schema)
    {
        if (reader.TokenType != JsonTokenType.StartObject)
        {
            throw Mismatch(ref reader, schema);
        }

        return ReadStruct(ref reader, schema);
    }

    /// <summary>The warnings; under Strict there are none, or the object is refused.</summary>
    public IReadOnlyList<string> Finish(ObjectKind kind)
    {
        if (_findings is null)
        {
            return [];
        }

        return validation == FieldValidation.Strict
            ? throw new KubeStatusException(ObjectDecoder.CannotBeHandled(kind, "strict decoding error: " + string.Join(", ", _findings)))
            : _findings;
    }

    private JsonObject ReadStruct(ref Utf8JsonReader reader, Schema schema)
    {
        var result = new JsonObject();
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            var field = reader.ValueIsEscaped ? schema.Field(reader.GetString()!) : schema.Field(reader.ValueSpan);
            if (field is null)
            {
                ReadUnknown(ref reader, schema, result);
                continue;
            }

            reader.Read();
            _path.Add(new Step(schema, field, null, 0));
            if (reader.TokenType != JsonTokenType.Null || field.Schema.Type == SchemaType.Raw)
            {
                var value = ReadValue(ref reader, field.Schema);
                if (value is not null || field.Schema.Nullable)
                {
                    Put(result, field.Name, value);
                }
            }
            else if (field.Schema.Nullable)
            {
                Put(result, field.Name, null);
            }

            _path.RemoveAt(_path.Count - 1);
        }

        return result;
    }

    /// <summary>The last of equal keys counts, and the sender is told.</summary>
    private void Put(JsonObject target, string name, JsonNode? value)
    {
        if (!target.TryAdd(name, value))
        {
            Found("duplicate", "");
            target[name] = value;
        }
    }

    private void ReadUnknown(ref Utf8JsonReader reader, Schema schema, JsonObject result)
    {
        var name = reader.GetString()!;
        if (schema.PreserveUnknownFields)
        {
            reader.Read();
            _path.Add(new Step(schema, null, name, 0));
            Put(result, name, ReadRaw(ref reader));
            _path.RemoveAt(_path.Count - 1);
            return;
        }

        if (validation != FieldValidation.Ignore)
        {
            if (_findings?.Count is not >= MaxFindings)
            {
                _path.Add(new Step(schema, null, name, 0));
                var near = Suggestion.For(name, [.. schema.Fields.Select(field => field.Name)]);
                Found("unknown", near is null ? "" : $" (did you mean \"{near}\"?)");
                _path.RemoveAt(_path.Count - 1);
            }
        }

        reader.Read();
        reader.Skip();
    }

    private JsonNode? ReadValue(ref Utf8JsonReader reader, Schema schema)
    {
        switch (schema.Type)
        {
            case SchemaType.Struct when reader.TokenType == JsonTokenType.StartObject:
                return ReadStruct(ref reader, schema);
            case SchemaType.List when reader.TokenType == JsonTokenType.StartArray:
                return ReadList(ref reader, schema);
            case SchemaType.Map when reader.TokenType == JsonTokenType.StartObject:
                return ReadMap(ref reader, schema);
            case SchemaType.Raw:
                return ReadRaw(ref reader);
            case var _ when schema.IsStructural:
                return ReadRaw(ref reader);
            case SchemaType.Struct or SchemaType.List or SchemaType.Map:
                throw Mismatch(ref reader, schema);
            default:
                return ReadScalar(ref reader, schema);
        }
    }

    private JsonArray ReadList(ref Utf8JsonReader reader, Schema schema)
    {
        var result = new JsonArray();
        var item = schema.Item!;
        for (var i = 0; reader.Read() && reader.TokenType != JsonTokenType.EndArray; i++)
        {
            _path.Add(new Step(schema, null, null, i));
            result.Add(reader.TokenType == JsonTokenType.Null ? Zero(item) : ReadValue(ref reader, item));
            _path.RemoveAt(_path.Count - 1);
        }

        return result;
    }

    private JsonObject ReadMap(ref Utf8JsonReader reader, Schema schema)
    {
        var result = new JsonObject();
        var item = schema.Item!;
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            var key = StringPool.Read(ref reader);
            reader.Read();
            _path.Add(new Step(schema, null, key, 0));
            var value = reader.TokenType == JsonTokenType.Null ? Zero(item) : ReadValue(ref reader, item);
            Put(result, key, value);
            _path.RemoveAt(_path.Count - 1);
        }

        return result;
    }

    private JsonValue ReadScalar(ref Utf8JsonReader reader, Schema schema)
    {
        var token = reader.TokenType;
        switch (schema.Type)
        {
            case SchemaType.String when token == JsonTokenType.String:
                return JsonValue.Create(StringPool.Read(ref reader));
            case SchemaType.Boolean when token is JsonTokenType.True or JsonTokenType.False:
                return JsonValue.Create(token == JsonTokenType.True);
            case SchemaType.Int32 when token == JsonTokenType.Number && reader.TryGetInt32(out var number):
                return JsonValue.Create((long)number);
            case SchemaType.Int64 when token == JsonTokenType.Number && reader.TryGetInt64(out var number):
                return JsonValue.Create(number);
            case SchemaType.Double when token == JsonTokenType.Number && reader.TryGetDouble(out var number) && double.IsFinite(number):
                return JsonValue.Create(number);
            case SchemaType.IntOrString when token == JsonTokenType.String:
                return JsonValue.Create(StringPool.Read(ref reader));
            case SchemaType.IntOrString when token == JsonTokenType.Number && reader.TryGetInt32(out var number):
                return JsonValue.Create((long)number);
            case SchemaType.IntOrString:
                throw new DecodeException($"json: cannot unmarshal {Describe(ref reader, true)} into Go value of type {(token == JsonTokenType.Number ? "int32" : "string")}");
            case SchemaType.Bytes when token == JsonTokenType.String:
                return ReadBytes(ref reader);
            case SchemaType.Quantity:
                return ReadQuantity(ref reader);
            case SchemaType.Time or SchemaType.MicroTime when token == JsonTokenType.String:
                return ReadTime(ref reader, schema);
            case SchemaType.Duration when token == JsonTokenType.String:
                return ReadDuration(ref reader);
            case SchemaType.Time or SchemaType.MicroTime or SchemaType.Duration:
                throw new DecodeException($"json: cannot unmarshal {Describe(ref reader)} into Go value of type string");
            default:
                throw Mismatch(ref reader, schema);
        }
    }

    private static JsonValue ReadBytes(ref Utf8JsonReader reader)
    {
        var text = reader.GetString()!;
        var clean = text.AsSpan().IndexOfAny('\r', '\n') < 0 ? text : text.Replace("\r", "", StringComparison.Ordinal).Replace("\n", "", StringComparison.Ordinal);
        var bad = clean.AsSpan().IndexOfAnyExceptBase64();
        return bad < 0 && clean.Length % 4 == 0 && System.Buffers.Text.Base64.IsValid(clean)
            ? JsonValue.Create(clean)
            : throw new DecodeException($"illegal base64 data at input byte {(bad < 0 ? clean.Length / 4 * 4 : bad)}");
    }

    private static JsonValue ReadQuantity(ref Utf8JsonReader reader)
    {
        var text = reader.TokenType switch
        {
            JsonTokenType.String => reader.GetString()!,
            JsonTokenType.Number => Encoding.UTF8.GetString(reader.ValueSpan),
            _ => "-",
        };
        return Quantity.TryParse(text, out var quantity)
            ? JsonValue.Create(quantity.ToString())
            : throw new DecodeException(Quantity.ParseError(text));
    }

    private static JsonValue ReadTime(ref Utf8JsonReader reader, Schema schema)
    {
        var text = reader.GetString()!;
        return KubeTime.TryParse(text, out var time)
            ? JsonValue.Create(schema.Type == SchemaType.MicroTime ? KubeTime.FormatMicro(time) : KubeTime.Format(time))
            : throw new DecodeException(
                $"parsing time {FieldError.Quote(text)} as \"2006-01-02T15:04:05Z07:00\": cannot parse {FieldError.Quote(text)} as \"2006\"");
    }

    private static JsonValue ReadDuration(ref Utf8JsonReader reader)
    {
        var text = reader.GetString()!;
        return KubeDuration.TryParse(text, out var duration)
            ? JsonValue.Create(KubeDuration.Format(duration))
            : throw new DecodeException($"time: invalid duration {FieldError.Quote(text)}");
    }

    /// <summary>Any JSON; numbers as Go keeps them: integers while they fit, otherwise floating.</summary>
    private JsonNode? ReadRaw(ref Utf8JsonReader reader)
    {
        switch (reader.TokenType)
        {
            case JsonTokenType.StartObject:
                var properties = new JsonObject();
                while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
                {
                    var key = StringPool.Read(ref reader);
                    reader.Read();
                    _path.Add(new Step(null, null, key, 0));
                    Put(properties, key, ReadRaw(ref reader));
                    _path.RemoveAt(_path.Count - 1);
                }

                return properties;
            case JsonTokenType.StartArray:
                var items = new JsonArray();
                for (var i = 0; reader.Read() && reader.TokenType != JsonTokenType.EndArray; i++)
                {
                    _path.Add(new Step(null, null, null, i));
                    items.Add(ReadRaw(ref reader));
                    _path.RemoveAt(_path.Count - 1);
                }

                return items;
            case JsonTokenType.String:
                return JsonValue.Create(StringPool.Read(ref reader));
            case JsonTokenType.Number:
                return JsonNodeReader.ReadNumber(ref reader)
                    ?? throw new DecodeException(
                        $"json: cannot unmarshal {Describe(ref reader, true)} into Go value of type float64");
            case JsonTokenType.True:
            case JsonTokenType.False:
                return JsonValue.Create(reader.TokenType == JsonTokenType.True);
            default:
                return null;
        }
    }

    /// <summary>What Go makes of a null inside a list or map: the type's zero.</summary>
    private static JsonNode? Zero(Schema schema) => schema.IsStructural ? null : schema.Type switch
    {
        SchemaType.Struct or SchemaType.Map => new JsonObject(),
        SchemaType.List => new JsonArray(),
        SchemaType.Boolean => JsonValue.Create(false),
        SchemaType.Int32 or SchemaType.Int64 or SchemaType.IntOrString => JsonValue.Create(0L),
        SchemaType.Double => JsonValue.Create(0d),
        SchemaType.Quantity => JsonValue.Create("0"),
        SchemaType.String or SchemaType.Bytes => JsonValue.Create(""),
        _ => null,
    };

    private DecodeException Mismatch(ref Utf8JsonReader reader, Schema schema)
    {
        var text = new StringBuilder("json: cannot unmarshal ").Append(Describe(ref reader, schema.Type is SchemaType.Int32 or SchemaType.Int64)).Append(" into Go ");
        Schema? owner = null;
        foreach (var step in _path)
        {
            owner = step.Field is null ? owner : step.Owner;
        }

        if (owner is null)
        {
            return new DecodeException(text.Append("value of type ").Append(schema.GoType).ToString());
        }

        text.Append("struct field ").Append(owner.TypeName.AsSpan(owner.TypeName.LastIndexOf('.') + 1));
        foreach (var step in _path)
        {
            if (step.Field is { } field)
            {
                text.Append('.').Append(field.Name);
            }
        }

        return new DecodeException(text.Append(" of type ").Append(schema.GoType).ToString());
    }

    /// <param name="withNumber">The number itself is at fault, not that there is one.</param>
    private static string Describe(ref Utf8JsonReader reader, bool withNumber = false) => reader.TokenType switch
    {
        JsonTokenType.String => "string",
        JsonTokenType.Number =>
            withNumber
                ? "number "
                    + Encoding.UTF8.GetString(
                        reader.ValueSpan[..Math.Min(reader.ValueSpan.Length, MaxPathLength)]) : "number",
        JsonTokenType.True or JsonTokenType.False => "bool",
        JsonTokenType.StartArray => "array",
        JsonTokenType.Null => "null",
        _ => "object",
    };

    private void Found(string fault, string advice)
    {
        if (validation != FieldValidation.Ignore && _findings?.Count is not >= MaxFindings)
        {
            (_findings ??= []).Add($"{fault} field \"{StrictPath()}\"{advice}");
        }
    }

    /// <summary>The path with indexes and keys: <c>spec.containers[0].image</c>.</summary>
    private string StrictPath()
    {
        var text = new StringBuilder();
        foreach (var step in _path)
        {
            if (step.Field is null && step.Name is null)
            {
                text.Append(CultureInfo.InvariantCulture, $"[{step.Index}]");
            }
            else
            {
                text.Append(text.Length == 0 ? "" : ".").Append(step.Field?.Name ?? step.Name);
            }

            if (text.Length > MaxPathLength)
            {
                return text.ToString(0, MaxPathLength) + "...";
            }
        }

        return text.ToString();
    }

    /// <summary>A step into a struct's field, a map's key (or an unknown field), or a list's item.</summary>
    private readonly record struct Step(Schema? Owner, SchemaField? Field, string? Name, int Index);
}
