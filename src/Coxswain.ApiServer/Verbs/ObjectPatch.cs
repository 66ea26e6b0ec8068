using System.Text.Json;
using System.Text.Json.Nodes;
using Coxswain.Api;
using Coxswain.Api.Decoding;
using Coxswain.Api.Errors;
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
    private static readonly JsonDocumentOptions BodyOptions = Document.ParseOptions with { AllowDuplicateProperties = false };

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

    /// <exception cref="KubeStatusException">The body is not JSON, or the form is not known.</exception>
    public static ObjectPatch Parse(PatchType type, ReadOnlySpan<byte> body, FieldValidation validation)
    {
        if (type == PatchType.Apply)
        {
            throw new KubeStatusException(Statuses.UnsupportedMediaType(
                ["application/json-patch+json", "application/merge-patch+json", "application/strategic-merge-patch+json", "application/apply-patch+yaml"]));
        }

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
    public JsonObject Apply(JsonObject current, ObjectKind kind, Schema? schema, List<string> warnings)
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

        var decoded = ObjectDecoder.Decode(Document.Utf8(patched), kind, schema, Validation);
        warnings.Clear();
        warnings.AddRange(decoded.Warnings);
        return decoded.Document;
    }

    /// <summary>In the version asked for: the stored document is shown in it, changed, and taken back.</summary>
    public async ValueTask<JsonObject> ApplyAsync(JsonObject stored, ApiRequest request, CancellationToken cancellationToken)
    {
        var asked = request.Resource;
        var patched = Apply(await asked.FromStoredAsync(stored, cancellationToken), asked.Kind, asked.Schema, request.Warnings);
        return await WriteSteps.ToStoredAsync(asked, patched, cancellationToken);
    }
}
