using System.Text.Json.Nodes;
using Coxswain.Api.Apply;
using Coxswain.Api.Errors;
using Coxswain.Api.Json;
using Coxswain.Api.Scalars;
using Coxswain.ApiServer.Admission;
using Coxswain.ApiServer.Documents;
using Coxswain.ApiServer.Resources;
using Coxswain.Store;

namespace Coxswain.ApiServer.Verbs;

/// <summary>Creates objects: names and stamps them, lets admission and validation see them, and writes them once.</summary>
internal sealed class ObjectCreator(
    IStore store, WriteSteps steps, FieldTracker fields, NamespaceGuard namespaces, IdentitySource identities, TimeProvider time)
{
    /// <summary>As many as Kubernetes tries names for one generateName.</summary>
    private const int NameAttempts = 8;

    /// <param name="document">Of the version that is stored, decoded and defaulted; the creator's to change.</param>
    public ValueTask<StoreEntry> CreateAsync(ApiRequest request, JsonObject document, CancellationToken cancellationToken) =>
        CreateAsync(request, document, managed: null, cancellationToken);

    /// <param name="managed">Who owns what of it; null for the creator to own what it says.</param>
    public async ValueTask<StoreEntry> CreateAsync(ApiRequest request, JsonObject document, ManagedFields? managed, CancellationToken cancellationToken)
    {
        var metadata = document.Metadata();
        CheckPlace(request, metadata);
        var generated = metadata.Text("name").Length == 0 && metadata.Text("generateName").Length > 0;
        for (var attempt = 1; ; attempt++)
        {
            var candidate = generated && attempt < NameAttempts ? (JsonObject)document.DeepClone() : document;
            if (generated)
            {
                candidate.Metadata()["name"] = Shorten(metadata.Text("generateName")) + identities.NewSuffix();
            }

            var entry = await TryCreateAsync(request, candidate, managed, cancellationToken);
            if (entry is not null)
            {
                return entry;
            }

            if (!generated)
            {
                throw new KubeStatusException(Statuses.AlreadyExists(request.Resource.QualifiedName, metadata.Text("name")));
            }

            if (attempt == NameAttempts)
            {
                throw new KubeStatusException(Statuses.GenerateNameConflict(request.Resource.QualifiedName, candidate.Metadata().Text("name")));
            }
        }
    }

    /// <summary>Null when an object of the name exists.</summary>
    private async ValueTask<StoreEntry?> TryCreateAsync(
        ApiRequest request, JsonObject document, ManagedFields? managed, CancellationToken cancellationToken)
    {
        var resource = request.Resource;
        var metadata = document.Metadata();
        Stamp(resource, metadata);
        request = request with { Name = metadata.Text("name") };
        var given = document.TakeManagedFields();
        managed ??= await fields.TrackAsync(request, given ?? ManagedFields.None, old: null, document, cancellationToken);
        var context = new AdmissionContext(request, AdmissionOperation.Create, document, Old: null);
        context = await steps.MutateAsync(context, resource.Storage.Schema, cancellationToken);
        document = context.Document!; // a create has one
        if (resource.HasStatus && resource.Rules.ResetsStatus)
        {
            document.Remove("status");
        }

        resource.Rules.PrepareForCreate(document);
        var key = resource.Key(request.Namespace, request.Name);
        var exists = resource.Rules.Reserves && await store.GetAsync(key, cancellationToken) is not null;
        await using var reservation =
            exists ? null : await resource.Rules.ReserveAsync(document, old: null, request.DryRun, cancellationToken);
        document.RemoveManagedFields();
        var encoded = Document.Encode(document, out var metadataEnd);
        var typed = await WriteSteps.ValidateCreateAsync(request, document, encoded, cancellationToken);
        var value = Document.WithManagedFields(encoded, metadataEnd, managed);
        await steps.AdmitAsync(context, cancellationToken);
        if (exists)
        {
            // Nothing was reserved for this one, so it is not written even if what stood there is gone by now.
            return null;
        }

        if (request.DryRun)
        {
            return await store.GetAsync(key, cancellationToken) is null ? new StoreEntry(key, value, 0, 0) : null;
        }

        var result = await store.WriteAsync(new StoreWrite(key, value, ExpectedRevision: 0), cancellationToken);
        if (result.Outcome == WriteOutcome.Conflict)
        {
            return null;
        }

        // From here on the object is there, whatever becomes of the request: what was reserved for it is its own.
        if (reservation is not null)
        {
            await reservation.ConfirmAsync();
        }

        var entry = result.Entry!; // a committed put has its entry
        await namespaces.CheckAsync(request, entry);
        StoredObject.Of(entry).Keep(typed);
        return entry;
    }

    private static void CheckPlace(ApiRequest request, JsonObject metadata)
    {
        var resource = request.Resource;
        if (resource.Resource.Namespaced)
        {
            var given = metadata.Text("namespace");
            if (given.Length > 0 && given != request.Namespace)
            {
                throw new KubeStatusException(Statuses.BadRequest("the namespace of the provided object does not match the namespace sent on the request"));
            }

            metadata["namespace"] = request.Namespace;
        }
        else
        {
            metadata.Remove("namespace");
        }

        if (request.Name.Length > 0 && metadata.Text("name") is { Length: > 0 } name && name != request.Name)
        {
            throw new KubeStatusException(Statuses.BadRequest($"the name of the object ({name}) does not match the name on the URL ({request.Name})"));
        }

        if (metadata.Text("resourceVersion") is { Length: > 0 and var length } version && !(length == 1 && version == "0"))
        {
            throw new KubeStatusException(Statuses.BadRequest("resourceVersion should not be set on objects to be created"));
        }
    }

    private void Stamp(ServedResource resource, JsonObject metadata)
    {
        metadata["uid"] = identities.NewUid();
        metadata["creationTimestamp"] = KubeTime.Format(time.GetUtcNow());
        metadata.Remove("deletionTimestamp");
        metadata.Remove("deletionGracePeriodSeconds");
        metadata.Remove("selfLink");
        metadata.Remove("generation");
        if (resource.Rules.TracksGeneration)
        {
            metadata["generation"] = 1;
        }
    }

    /// <summary>A name has at most 63 characters, five of them random.</summary>
    private static string Shorten(string generateName) => generateName.Length > 58 ? generateName[..58] : generateName;
}
