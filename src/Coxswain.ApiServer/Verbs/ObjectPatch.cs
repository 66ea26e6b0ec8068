using System.Text.Json;
using System.Text.Json.Nodes;
using Coxswain.Api;
using Coxswain.Api.Decoding;
using Coxswain.Api.Errors;
using Coxswain.Api.Json;
using Coxswain.Api.Patch;
using Coxswain.Api.Schemata;
using Coxswain.ApiServer.Documents;
using Coxswain.ApiServer.Resources;
using Coxswain.Client;

namespace Coxswain.ApiServer.Verbs;

/// <summary>A patch in one of the forms clients send, parsed once, applied as often as the object changes under it.</summary>
internal sealed class ObjectPatch
{
    /// <summary>A name given twice is an error of the client's, found here rather than where the value is used.</summary>
    private static readonly JsonDocumentOptions BodyOptions = new() { MaxDepth = KubeJson.MaxDepth, AllowDuplicateProperties = false };

    private readonly PatchType _type;
    private readonly JsonNode? _body;

    private ObjectPatch(PatchType type, JsonNode? body, FieldValidation validation)
    {
        _type = type;
        _body = body;
        Validation = validation;
    }

    private FieldValidation Validation { get; }

    /// <summary>Whether the patch is about who owns what; others need not see that.</summary>
    public bool NamesManagedFields { get; private init; }

    /// <param name="type">Not an apply, which is no patch of what is there.</param>
    /// <exception cref="KubeStatusException">The body is not JSON.</exception>
    public static ObjectPatch Parse(PatchType type, ReadOnlySpan<byte> body, FieldValidation validation)
    {
        try
        {
            return new ObjectPatch(type, JsonNode.Parse(body, nodeOptions: null, BodyOptions), validation)
            {
                NamesManagedFields = body.IndexOf("managedFields"u8) >= 0,
            };
        }
        catch (JsonException exception)
        {
            throw new KubeStatusException(Statuses.BadRequest($"error decoding patch: {exception.Message}"));
        }
    }

    /// <param name="schema">Of the document; null when it has none, and then lists are replaced whole.</param>
    /// <param name="isPartial">
    /// What the patch does not name is as it was stored, and is held against nothing again: worth while where little of an object can change.
    /// </param>
    public JsonObject Apply(JsonObject current, ObjectKind kind, Schema? schema, List<string> warnings, bool isPartial = false)
    {
        var patched = _type switch
        {
            PatchType.Json => JsonPatch.Apply(current, _body),
            PatchType.StrategicMerge when schema is { IsStructural: true } => throw new KubeStatusException(
                Statuses.UnsupportedMediaType(["application/json-patch+json", "application/merge-patch+json"])),
            PatchType.StrategicMerge when schema is not null => StrategicMergePatch.Apply(current, _body, schema),
            _ => MergePatch.Apply(current, _body),
        };
        if (patched is not JsonObject)
        {
            throw new KubeStatusException(Statuses.BadRequest("error decoding patch: the result is not an object"));
        }

        if (schema is null)
        {
            return (JsonObject)patched;
        }

        warnings.Clear();
        return Decode((JsonObject)patched, kind, schema, isPartial ? PatchedFields.Of(_type, _body) : null, warnings);
    }

    /// <summary>In the version asked for: the stored document is shown in it, changed, and taken back.</summary>
    public async ValueTask<JsonObject> ApplyAsync(JsonObject stored, ApiRequest request, CancellationToken cancellationToken)
    {
        var asked = request.Resource;
        var patched = Apply(await asked.FromStoredAsync(stored, cancellationToken), asked.Kind, asked.Schema, request.Warnings,
            isPartial: request.IsOfStatus);
        return await WriteSteps.ToStoredAsync(request, patched, cancellationToken);
    }

    /// <param name="fields">What is decoded of the document; null for all.</param>
    private JsonObject Decode(
        JsonObject patched, ObjectKind kind, Schema schema, IReadOnlySet<string>? fields, List<string> warnings)
    {
        var given = fields is null ? patched : Take(patched, fields);
        var decoded = ObjectDecoder.Decode(Document.Utf8(given), kind, schema, Validation);
        warnings.AddRange(decoded.Warnings);
        if (fields is null)
        {
            return decoded.Document;
        }

        foreach (var name in fields)
        {
            if (decoded.Document.TryGetPropertyValue(name, out var value) && decoded.Document.Remove(name))
            {
                patched[name] = value;
            }
            else
            {
                patched.Remove(name);
            }
        }

        return patched;
    }

    /// <summary>Moves fields into an object of their own, and leaves their places.</summary>
    private static JsonObject Take(JsonObject document, IReadOnlySet<string> fields)
    {
        var taken = new JsonObject();
        foreach (var name in fields)
        {
            if (document.TryGetPropertyValue(name, out var value))
            {
                document[name] = null;
                taken[name] = value;
            }
        }

        return taken;
    }
}
