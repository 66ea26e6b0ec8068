using System.Text.Json.Nodes;
using Coxswain.Api;
using Coxswain.Api.Decoding;
using Coxswain.Api.Errors;
using Coxswain.Api.Schemata;
using Coxswain.ApiServer.Documents;
using Coxswain.ApiServer.Resources;

namespace Coxswain.ApiServer.Verbs;

/// <summary>Reads what an applier says: YAML or JSON of the kind it is sent to, with nothing in it that the kind does not have.</summary>
internal static class AppliedConfiguration
{
    /// <exception cref="KubeStatusException">It cannot be applied.</exception>
    public static JsonObject Read(ApiRequest request, ReadOnlySpan<byte> body, ObjectKind kind, Schema schema, FieldValidation validation)
    {
        if (request.FieldManager.Length == 0)
        {
            throw new KubeStatusException(Statuses.Invalid(new ObjectKind("meta.k8s.io/v1", "PatchOptions"), "",
                [FieldError.Required("fieldManager", "is required for apply patch")]));
        }

        var given = Kind(body);
        if (given.Kind.Length == 0)
        {
            throw new KubeStatusException(Statuses.BadRequest("error decoding YAML: Object 'Kind' is missing"));
        }

        if (given != kind)
        {
            throw new KubeStatusException(Statuses.BadRequest(
                $"invalid object type: {(given.ApiVersion.Contains('/') ? "" : "/")}{given.ApiVersion}, Kind={given.Kind}"));
        }

        var decoded = ObjectDecoder.DecodeYaml(body, kind, schema, validation == FieldValidation.Strict ? validation : FieldValidation.Warn);
        if (decoded.Warnings.FirstOrDefault(warning => warning.StartsWith("unknown field", StringComparison.Ordinal)) is { } unknown)
        {
            // What nobody knows cannot be owned, so it is not left out in silence.
            throw new KubeStatusException(Statuses.BadRequest(
                $"failed to create typed patch object ({request.Namespace}/{request.Name}; {kind.ApiVersion}, Kind={kind.Kind}): {unknown}: field not declared in schema"));
        }

        if (validation == FieldValidation.Warn)
        {
            request.Warnings.AddRange(decoded.Warnings);
        }

        var document = decoded.Document;
        if (document.Metadata().ContainsKey("managedFields"))
        {
            throw new KubeStatusException(Statuses.BadRequest("metadata.managedFields must be nil"));
        }

        if (Coxswain.Api.Apply.ConfigurationCheck.Errors(document, schema) is { Count: > 0 } errors)
        {
            throw new KubeStatusException(Statuses.BadRequest(
                $"failed to create typed patch object ({request.Namespace}/{request.Name}; {kind.ApiVersion}, Kind={kind.Kind}): {string.Join(", ", errors)}"));
        }

        return document;
    }

    private static ObjectKind Kind(ReadOnlySpan<byte> body) =>
        KubeYaml.ToJson(body) is var json && ObjectDecoder.PeekKind(json) is { } kind ? kind
            : throw new KubeStatusException(Statuses.BadRequest("error decoding YAML: the configuration is not an object"));
}
