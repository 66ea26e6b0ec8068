using System.Text.Json;
using System.Text.Json.Nodes;
using Coxswain.Api.Errors;
using Coxswain.Api.Json;
using Coxswain.Api.Meta.V1;
using Coxswain.Api.Schemata;

namespace Coxswain.Api.Decoding;

/// <summary>
/// Turns the bytes of a request into a document of its schema's shape. Everything wrong with the bytes is a
/// <see cref="KubeStatusException"/> with the Status that Kubernetes answers.
/// </summary>
public static class ObjectDecoder
{
    /// <summary>The API server's own bound on a request's body.</summary>
    public const int MaxSizeBytes = 3 * 1024 * 1024;

    /// <summary>Decodes JSON that should be of a built-in kind.</summary>
    public static DecodedObject Decode(ReadOnlySpan<byte> json, ObjectKind kind, FieldValidation validation = FieldValidation.Warn) =>
        Decode(json, kind, Schemas.Find(kind) ?? throw new KubeStatusException(NoKind(kind)), validation);

    /// <summary>Decodes JSON of a kind whose schema the caller knows.</summary>
    public static DecodedObject Decode(ReadOnlySpan<byte> json, ObjectKind kind, Schema schema, FieldValidation validation)
    {
        CheckSize(json.Length);
        var reader = new Utf8JsonReader(json, KubeJson.RequestReaderOptions);
        var run = new DecodeRun(validation);
        try
        {
            if (!reader.Read())
            {
                throw new KubeStatusException(Unrecognized(kind, "unexpected end of JSON input", json));
            }

            var document = run.ReadRoot(ref reader, schema);
            if (reader.Read())
            {
                throw new JsonException("data after the object");
            }

            CheckKind(document, kind);
            return new DecodedObject(document, run.Finish(kind));
        }
        catch (DecodeException exception)
        {
            throw new KubeStatusException(CannotBeHandled(kind, exception.Message));
        }
        catch (JsonException exception)
        {
            throw new KubeStatusException(Unrecognized(kind, Describe(exception), json));
        }
        catch (InvalidOperationException)
        {
            // The reader's way of refusing bytes inside a string that are not UTF-8.
            throw new KubeStatusException(Unrecognized(kind, "invalid UTF-8 in a string", json));
        }
    }

    /// <summary>Decodes one YAML document; an error carries its line.</summary>
    public static DecodedObject DecodeYaml(ReadOnlySpan<byte> yaml, ObjectKind kind, FieldValidation validation = FieldValidation.Warn) =>
        DecodeYaml(yaml, kind, Schemas.Find(kind) ?? throw new KubeStatusException(NoKind(kind)), validation);

    public static DecodedObject DecodeYaml(ReadOnlySpan<byte> yaml, ObjectKind kind, Schema schema, FieldValidation validation)
    {
        CheckSize(yaml.Length);
        return Decode(KubeYaml.ToJson(yaml), kind, schema, validation);
    }

    /// <summary>The apiVersion and kind a JSON object names, each empty when it does not; null for what is not an object.</summary>
    public static ObjectKind? PeekKind(ReadOnlySpan<byte> json)
    {
        var reader = new Utf8JsonReader(json, KubeJson.RequestReaderOptions);
        string apiVersion = "", kind = "";
        try
        {
            if (!reader.Read() || reader.TokenType != JsonTokenType.StartObject)
            {
                return null;
            }

            while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
            {
                var isKind = reader.ValueTextEquals("kind"u8);
                var isVersion = reader.ValueTextEquals("apiVersion"u8);
                reader.Read();
                if (reader.TokenType == JsonTokenType.String && (isKind || isVersion))
                {
                    (apiVersion, kind) = isKind ? (apiVersion, reader.GetString()!) : (reader.GetString()!, kind);
                }
                else
                {
                    reader.Skip();
                }
            }

            return new ObjectKind(apiVersion, kind);
        }
        catch (Exception exception) when (exception is JsonException or InvalidOperationException)
        {
            return null;
        }
    }

    internal static Status CannotBeHandled(ObjectKind kind, string why) =>
        Statuses.BadRequest($"{kind.Kind} in version \"{kind.Version}\" cannot be handled as a {kind.Kind}: {why}");

    private static void CheckSize(int length)
    {
        if (length > MaxSizeBytes)
        {
            throw new KubeStatusException(Statuses.RequestEntityTooLarge($"limit is {MaxSizeBytes}"));
        }
    }

    private static void CheckKind(JsonObject document, ObjectKind kind)
    {
        var apiVersion = document.Text("apiVersion");
        var name = document.Text("kind");
        if (apiVersion.Length > 0 && apiVersion != kind.ApiVersion)
        {
            throw new KubeStatusException(Statuses.BadRequest(
                $"the API version in the data ({apiVersion}) does not match the expected API version ({kind.ApiVersion})"));
        }

        if (name.Length > 0 && name != kind.Kind)
        {
            throw new KubeStatusException(Statuses.BadRequest(
                $"{name} in version \"{kind.Version}\" cannot be handled as a {kind.Kind}: the object is a {name}"));
        }

        document["kind"] = kind.Kind;
        document["apiVersion"] = kind.ApiVersion;
    }

    private static Status NoKind(ObjectKind kind) => Statuses.BadRequest($"no kind \"{kind.Kind}\" is registered for version \"{kind.ApiVersion}\"");

    private static Status Unrecognized(ObjectKind kind, string why, ReadOnlySpan<byte> body) => Statuses.BadRequest(
        $"the object provided is unrecognized (must be of type {kind.Kind}): couldn't get version/kind; json parse error: {why} ({Summary(body)})");

    /// <summary>The first bytes, as Kubernetes shows a body it cannot read.</summary>
    private static string Summary(ReadOnlySpan<byte> body) =>
        body.IsEmpty ? "<empty>" : body.Length > 30 ? Convert.ToHexStringLower(body[..30]) + " ..." : Convert.ToHexStringLower(body);

    private static string Describe(JsonException exception)
    {
        var message = exception.Message;
        var end = message.IndexOf(" LineNumber:", StringComparison.Ordinal);
        if (message.StartsWith("Expected depth to be zero", StringComparison.Ordinal))
        {
            return "unexpected end of JSON input";
        }

        var text = (end < 0 ? message : message[..end]).TrimEnd('.');
        return exception.LineNumber is { } line ? $"line {line + 1}: {text}" : text;
    }
}
