using System.Text.Json;
using System.Text.Json.Nodes;
using Coxswain.Api;
using Coxswain.Api.Decoding;
using Coxswain.Api.Defaulting;
using Coxswain.Api.Errors;
using Coxswain.Api.Schemata;
using Coxswain.Api.Validation;
using Coxswain.ApiServer.Admission;
using Coxswain.ApiServer.Documents;
using Coxswain.ApiServer.Resources;

namespace Coxswain.ApiServer.Verbs;

/// <summary>
/// What every written document passes, in this order: converted to the stored version, defaulted, mutated, defaulted and
/// decoded again, validated, admitted. Whatever is to happen to writes of all kinds is added here.
/// </summary>
internal sealed class WriteSteps(AdmissionChain admission)
{
    /// <summary>From the version asked for to the stored one, with its defaults. Takes the document over.</summary>
    public static JsonObject ToStored(ServedResource asked, JsonObject document)
    {
        document = asked.ToStored(document);
        Default(document, asked.Storage.Schema);
        return document;
    }

    /// <returns>The context with the document that goes on; what a plug-in added was defaulted and pruned as if a client had sent it.</returns>
    public async ValueTask<AdmissionContext> MutateAsync(AdmissionContext context, Schema? schema, CancellationToken cancellationToken)
    {
        if (!await admission.MutateAsync(context, cancellationToken) || context.Document is null || schema is null)
        {
            return context;
        }

        var document = ObjectDecoder.Decode(Document.Utf8(context.Document), context.Kind, schema, FieldValidation.Ignore).Document;
        Default(document, schema);
        return context with { Document = document };
    }

    public ValueTask AdmitAsync(AdmissionContext context, CancellationToken cancellationToken) => admission.ValidateAsync(context, cancellationToken);

    /// <param name="value">The document's bytes, to be stored.</param>
    /// <returns>What was decoded of them, to be kept with the entry.</returns>
    public static IKubeObject ValidateCreate(ApiRequest request, JsonObject document, byte[] value)
    {
        var stored = request.Resource.Storage;
        var typed = Read(stored, value);
        Refuse(request, [.. ObjectValidation.ValidateCreate(typed), .. Shape(stored, document)]);
        return typed;
    }

    public static IKubeObject ValidateUpdate(ApiRequest request, JsonObject document, byte[] value, IKubeObject old)
    {
        var stored = request.Resource.Storage;
        var typed = Read(stored, value);
        Refuse(request, [.. ObjectValidation.ValidateUpdate(typed, old), .. Shape(stored, document)]);
        return typed;
    }

    /// <summary>A subresource changes what it may by its own rules; metadata has the same rules everywhere.</summary>
    public static void ValidateMetadata(ApiRequest request, JsonObject document, byte[] value, ReadOnlySpan<byte> old) => Refuse(request,
        [
            .. ObjectValidation.ValidateMetadataUpdate(StoredObject.ReadPartial(value), StoredObject.ReadPartial(old)),
            .. Shape(request.Resource.Storage, document),
        ]);

    private static IReadOnlyList<FieldError> Shape(ServedResource stored, JsonObject document) =>
        stored.Schema is { } schema ? SchemaValidation.Validate(document, schema) : [];

    private static void Default(JsonObject document, Schema? schema)
    {
        if (schema is not null)
        {
            ObjectDefaulting.Apply(document, schema);
        }
    }

    private static IKubeObject Read(ServedResource stored, byte[] value)
    {
        try
        {
            return stored.Read(value);
        }
        catch (JsonException exception)
        {
            throw new KubeStatusException(Statuses.BadRequest(
                $"{stored.Kind.Kind} in version \"{stored.Kind.Version}\" cannot be handled as a {stored.Kind.Kind}: {exception.Message}"));
        }
    }

    private static void Refuse(ApiRequest request, IReadOnlyList<FieldError> errors)
    {
        if (errors.Count > 0)
        {
            throw new KubeStatusException(Statuses.Invalid(request.Resource.Kind, request.Name, errors));
        }
    }
}
