using System.Globalization;
using System.Text.Json.Nodes;
using Google.Protobuf;

namespace Coxswain.ApiServer.OpenApi;

/// <summary>
/// The protobuf form of an OpenAPI version 2 document, as kubectl up to 1.26 asks for it. The numbers are those of the
/// messages in gnostic's openapiv2 schema.
/// </summary>
internal static class OpenApiV2Protobuf
{
    public static byte[] Encode(JsonObject document) => Message(output =>
    {
        WriteString(output, 1, document["swagger"]);
        WriteMessage(output, 2, info =>
        {
            WriteString(info, 1, document["info"]!["title"]);
            WriteString(info, 2, document["info"]!["version"]);
        });
        WriteMessage(output, 8, paths => WriteNamed(paths, 2, document["paths"], PathItem));
        WriteMessage(output, 9, definitions => WriteNamed(definitions, 1, document["definitions"], Schema));
    });

    private static void PathItem(CodedOutputStream output, JsonObject item)
    {
        foreach (var (method, number) in new[] { ("get", 2), ("put", 3), ("post", 4), ("delete", 5), ("patch", 8) })
        {
            if (item[method] is JsonObject operation)
            {
                WriteMessage(output, number, inner => Operation(inner, operation));
            }
        }
    }

    private static void Operation(CodedOutputStream output, JsonObject operation)
    {
        WriteString(output, 5, operation["operationId"]);
        foreach (var parameter in operation["parameters"]!.AsArray())
        {
            // ParametersItem { parameter { non_body_parameter { query or path } } }
            WriteMessage(output, 8, item => WriteMessage(item, 1, any => WriteMessage(any, 2, kind => NonBodyParameter(kind, parameter!.AsObject()))));
        }

        WriteMessage(output, 9, responses => WriteNamed(responses, 1, operation["responses"], (value, response) =>
            WriteMessage(value, 1, inner =>
            {
                WriteString(inner, 1, response["description"]);
                WriteMessage(inner, 2, item => WriteMessage(item, 1, schema => Schema(schema, response["schema"]!.AsObject())));
            })));
        WriteExtensions(output, 13, operation);
    }

    private static void NonBodyParameter(CodedOutputStream output, JsonObject parameter)
    {
        var isQuery = (string?)parameter["in"] == "query";
        WriteMessage(output, isQuery ? 3 : 4, inner =>
        {
            if (parameter["required"] is not null)
            {
                inner.WriteTag(1, WireFormat.WireType.Varint);
                inner.WriteBool(true);
            }

            WriteString(inner, 2, parameter["in"]);
            WriteString(inner, 4, parameter["name"]);
            WriteString(inner, isQuery ? 6 : 5, parameter["type"]);
        });
    }

    private static void Schema(CodedOutputStream output, JsonObject schema)
    {
        WriteString(output, 1, schema["$ref"]);
        WriteString(output, 2, schema["format"]);
        WriteString(output, 4, schema["description"]);
        if (schema["default"] is { } value)
        {
            WriteMessage(output, 5, any => Any(any, value));
        }

        foreach (var required in schema["required"]?.AsArray() ?? [])
        {
            WriteString(output, 19, required);
        }

        if (schema["additionalProperties"] is JsonObject additional)
        {
            WriteMessage(output, 21, item => WriteMessage(item, 1, inner => Schema(inner, additional)));
        }

        if (schema["type"] is { } type)
        {
            WriteMessage(output, 22, item => WriteString(item, 1, type));
        }

        if (schema["items"] is JsonObject items)
        {
            WriteMessage(output, 23, item => WriteMessage(item, 1, inner => Schema(inner, items)));
        }

        if (schema["properties"] is JsonObject properties)
        {
            WriteMessage(output, 25, inner => WriteNamed(inner, 1, properties, Schema));
        }

        WriteExtensions(output, 31, schema);
    }

    private static void WriteExtensions(CodedOutputStream output, int number, JsonObject owner)
    {
        foreach (var (name, value) in owner)
        {
            if (name.StartsWith("x-", StringComparison.Ordinal) && value is not null)
            {
                WriteMessage(output, number, named =>
                {
                    WriteString(named, 1, name);
                    WriteMessage(named, 2, any => Any(any, value));
                });
            }
        }
    }

    /// <summary>Any carries YAML, of which JSON is a part.</summary>
    private static void Any(CodedOutputStream output, JsonNode value)
    {
        output.WriteTag(2, WireFormat.WireType.LengthDelimited);
        output.WriteString(value.ToJsonString() + "\n");
    }

    private static void WriteNamed(CodedOutputStream output, int number, JsonNode? map, Action<CodedOutputStream, JsonObject> writeValue)
    {
        foreach (var (name, value) in map!.AsObject())
        {
            WriteMessage(output, number, named =>
            {
                WriteString(named, 1, name);
                WriteMessage(named, 2, inner => writeValue(inner, value!.AsObject()));
            });
        }
    }

    private static void WriteString(CodedOutputStream output, int number, JsonNode? value)
    {
        if (value is not null)
        {
            WriteString(output, number, Convert.ToString(value, CultureInfo.InvariantCulture)!);
        }
    }

    private static void WriteString(CodedOutputStream output, int number, string value)
    {
        output.WriteTag(number, WireFormat.WireType.LengthDelimited);
        output.WriteString(value);
    }

    private static void WriteMessage(CodedOutputStream output, int number, Action<CodedOutputStream> write)
    {
        output.WriteTag(number, WireFormat.WireType.LengthDelimited);
        output.WriteBytes(ByteString.CopyFrom(Message(write)));
    }

    private static byte[] Message(Action<CodedOutputStream> write)
    {
        using var buffer = new MemoryStream();
        using (var output = new CodedOutputStream(buffer, leaveOpen: true))
        {
            write(output);
        }

        return buffer.ToArray();
    }
}
