using System.Text.Json;
using System.Text.Json.Nodes;
using Coxswain.Api;
using Coxswain.Api.Decoding;
using Coxswain.Api.Defaulting;
using Coxswain.Api.Errors;
using Coxswain.Api.Meta.V1;
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
    public static async ValueTask<JsonObject> ToStoredAsync(ApiRequest request, JsonObject document, CancellationToken cancellationToken)
    {
        var asked = request.Resource;
        if (asked.ShowsStored && request.IsOfStatus && asked.Schema is { } schema)
        {
            // All but the status stays as it was stored.
            ObjectDefaulting.ApplyTo("status", document, schema);
            return document;
        }

        if (asked.Custom is not null && asked != asked.Storage)
        {
            Default(document, asked.Schema);
        }

        document = await asked.ToStoredAsync(document, cancellationToken);
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
    public static async ValueTask<IKubeObject> ValidateCreateAsync(
        ApiRequest request, JsonObject document, byte[] value, CancellationToken cancellationToken)
    {
        var stored = request.Resource.Storage;
        var typed = Read(stored, value);
        Refuse(request, [.. ObjectValidation.ValidateCreate(typed), .. await CheckAsync(request.Resource, document, before: null, cancellationToken)]);
        Warn(request, document);
        return typed;
    }

    /// <param name="before">What is replaced, as a document.</param>
    public static async ValueTask<IKubeObject> ValidateUpdateAsync(
        ApiRequest request, JsonObject document, byte[] value, IKubeObject old, JsonObject before, CancellationToken cancellationToken)
    {
        var stored = request.Resource.Storage;
        var typed = Read(stored, value);
        Refuse(request, [.. ObjectValidation.ValidateUpdate(typed, old), .. await CheckAsync(request.Resource, document, before, cancellationToken)]);
        Warn(request, document);
        return typed;
    }

    /// <summary>A subresource changes what it may by its own rules; metadata has the same rules everywhere, and so have custom resources.</summary>
    /// <param name="old">The metadata of what is replaced.</param>
    /// <param name="before">What is replaced, as a document.</param>
    public static async ValueTask ValidateMetadataAsync(
        ApiRequest request, JsonObject document, byte[] value, ObjectMeta old, JsonObject before, CancellationToken cancellationToken)
    {
        var errors = ObjectValidation.ValidateMetadataUpdate(
            new PartialObjectMetadata { Metadata = Document.ReadMetadata(value) }, new PartialObjectMetadata { Metadata = old });
        Refuse(request, request.Resource.Custom is null ? errors : [.. errors, .. await CheckAsync(request.Resource, document, before, cancellationToken)]);
    }

    /// <summary>A custom resource is held against the schema and the rules of the version its writer knows.</summary>
    private static async ValueTask<IReadOnlyList<FieldError>> CheckAsync(
        ServedResource asked, JsonObject document, JsonObject? before, CancellationToken cancellationToken)
    {
        var held = asked.Custom is null ? asked.Storage : asked;
        if (held != asked.Storage)
        {
            document = await asked.FromStoredAsync((JsonObject)document.DeepClone(), cancellationToken);
            before = before is null ? null : await asked.FromStoredAsync((JsonObject)before.DeepClone(), cancellationToken);
        }

        var shape = held.Schema is { } schema ? SchemaValidation.Validate(document, schema) : [];
        return shape.Count > 0 ? shape : [.. held.Rules.Validate(document, before, asked.Resource)];
    }

    private static void Warn(ApiRequest request, JsonObject document)
    {
        foreach (var warning in request.Resource.Storage.Rules.Warnings(document))
        {
            // An update that another one came before is validated again.
            if (!request.Warnings.Contains(warning))
            {
                request.Warnings.Add(warning);
            }
        }
    }

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
