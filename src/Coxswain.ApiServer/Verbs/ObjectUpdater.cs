using System.Text.Json.Nodes;
using Coxswain.Api;
using Coxswain.Api.Apply;
using Coxswain.Api.Errors;
using Coxswain.Api.Json;
using Coxswain.ApiServer.Admission;
using Coxswain.ApiServer.Documents;
using Coxswain.ApiServer.Resources;
using Coxswain.Store;

namespace Coxswain.ApiServer.Verbs;

/// <summary>
/// Replaces objects. Every change of an existing object, be it a PUT, a patch, a status or a scale, is a function from
/// the stored document to a new one, applied again when another writer came first.
/// </summary>
internal sealed class ObjectUpdater(IStore store, WriteSteps steps, FieldTracker fields)
{
    /// <summary>Far more than contention explains; a loop without a bound would hide a bug.</summary>
    private const int MostAttempts = 1000;

    /// <summary>Whether there is anything to update.</summary>
    public async ValueTask<bool> ExistsAsync(ApiRequest request, CancellationToken cancellationToken) =>
        await store.GetAsync(request.Key, cancellationToken) is not null;

    /// <param name="change">
    /// Makes the new document from the stored one (with its resourceVersion), which it may change. A resourceVersion in
    /// the result that is not the stored one's is a conflict; none means any.
    /// </param>
    public ValueTask<StoreEntry> UpdateAsync(ApiRequest request, Func<JsonObject, JsonObject> change, CancellationToken cancellationToken) =>
        UpdateAsync(request, (current, _, _) => ValueTask.FromResult(new Change(change(current))), isAdmitted: false, cancellationToken);

    /// <summary>A change of who owns what as well, for which the stored document says who does now.</summary>
    public ValueTask<StoreEntry> UpdateWithOwnersAsync(
        ApiRequest request, Func<JsonObject, CancellationToken, ValueTask<JsonObject>> change, CancellationToken cancellationToken) => UpdateAsync(
        request,
        async (current, managed, token) =>
        {
            current.SetManagedFields(managed);
            return new Change(await change(current, token));
        },
        isAdmitted: false,
        cancellationToken);

    /// <param name="isAdmitted">
    /// Admission saw this write in the form it was asked in (a Scale, a Binding), so it is not asked again about the object behind it.
    /// </param>
    public async ValueTask<StoreEntry> UpdateAsync(
        ApiRequest request, Func<JsonObject, ManagedFields, CancellationToken, ValueTask<Change>> change, bool isAdmitted, CancellationToken cancellationToken)
    {
        var resource = request.Resource;
        for (var attempt = 0; attempt < MostAttempts; attempt++)
        {
            var current = await store.GetAsync(request.Key, cancellationToken)
                ?? throw new KubeStatusException(Statuses.NotFound(resource.QualifiedName, request.Name));
            var shown = await resource.Storage.ShowAsync(current, cancellationToken);
            var (old, document) = Document.DecodeTwice(shown.Value, current.ModRevision);
            var owners = ManagedFields.ReadObject(current.Value.Span);
            old.RemoveManagedFields();
            document.RemoveManagedFields();
            (document, var managed) = await change(document, owners, cancellationToken);
            CheckIdentity(request, document, old, current.ModRevision);
            var given = document.TakeManagedFields();
            Prepare(request, document, old);

            // What a writer says of the owners counts on the object itself; who says nothing leaves them.
            managed ??= await fields.TrackAsync(request, given is not null && request.Subresource.Length == 0 ? given : owners, old, document, cancellationToken);
            var context = new AdmissionContext(request, AdmissionOperation.Update, document, old);
            if (!isAdmitted)
            {
                context = await steps.MutateAsync(context, resource.Storage.Schema, cancellationToken);
                document = context.Document!; // an update has one
            }

            if (resource.Rules.TracksGeneration && (request.Subresource is ("" or "scale") || ScopeOf(request) is not null))
            {
                CountGeneration(document, old, resource.Rules.GenerationCountsStatus);
            }

            // What is stored in a version of before is written in today's, although nothing else changes.
            if (ReferenceEquals(shown, current) && IsSame(request, document, old) && managed.HasSameFields(owners))
            {
                return current;
            }

            if (ScopeOf(request)?.Check?.Invoke(document, old).ToList() is { Count: > 0 } errors)
            {
                throw new KubeStatusException(Statuses.Invalid(resource.Kind, request.Name, errors));
            }

            await using var reservation = request.Subresource.Length == 0
                ? await resource.Rules.ReserveAsync(document, old, request.DryRun, cancellationToken) : null;
            document.RemoveManagedFields();
            var encoded = Document.Encode(document, out var metadataEnd);
            var typed = await ValidateAsync(request, document, encoded, old, shown, cancellationToken);
            var value = Document.WithManagedFields(encoded, metadataEnd, managed);
            if (!isAdmitted)
            {
                await steps.AdmitAsync(context, cancellationToken);
            }

            if (request.DryRun)
            {
                return new StoreEntry(current.Key, value, current.CreateRevision, current.ModRevision);
            }

            var ends = EndsDeletion(resource, document);
            var result = await store.WriteAsync(new StoreWrite(current.Key, ends ? default(ReadOnlyMemory<byte>?) : value, current.ModRevision), cancellationToken);
            if (result.Outcome == WriteOutcome.Committed)
            {
                if (reservation is not null)
                {
                    await reservation.ConfirmAsync();
                }

                if (!ends)
                {
                    var entry = result.Entry!; // a committed put has its entry
                    if (typed is not null)
                    {
                        StoredObject.Of(entry).Keep(typed);
                    }

                    return entry;
                }

                await resource.Rules.ReleasedAsync(document, CancellationToken.None);
                return new StoreEntry(current.Key, value, current.CreateRevision, result.Revision);
            }
        }

        throw new KubeStatusException(Statuses.ServerTimeout(resource.QualifiedName, request.Verb, 1));
    }

    /// <summary>Whether nothing holds the object any more, so that this write is its last.</summary>
    internal static bool EndsDeletion(ServedResource resource, JsonObject document)
    {
        var metadata = document.Metadata();
        return metadata.Text("deletionTimestamp").Length > 0
            && (metadata.Integer("deletionGracePeriodSeconds") ?? 0) == 0
            && !metadata["finalizers"].Texts().Any()
            && !resource.Rules.HoldsDeletion(document);
    }

    private static void CheckIdentity(ApiRequest request, JsonObject document, JsonObject old, long revision)
    {
        var resource = request.Resource;
        var metadata = document.Metadata();
        var oldMetadata = old.Metadata();
        if (metadata.Text("name") is { Length: > 0 } name && name != request.Name)
        {
            throw new KubeStatusException(Statuses.BadRequest($"the name of the object ({name}) does not match the name on the URL ({request.Name})"));
        }

        if (resource.Resource.Namespaced && metadata.Text("namespace") is { Length: > 0 } @namespace && @namespace != request.Namespace)
        {
            throw new KubeStatusException(Statuses.BadRequest("the namespace of the provided object does not match the namespace sent on the request"));
        }

        var given = ResourceVersions.Parse(metadata.Text("resourceVersion"));
        if (given is null or 0)
        {
            if (!resource.Rules.AllowsUnconditionalUpdate)
            {
                throw new KubeStatusException(Statuses.Invalid(resource.Kind, request.Name,
                    [FieldError.Invalid("metadata.resourceVersion", 0, "must be specified for an update")]));
            }
        }
        else if (given != revision)
        {
            throw new KubeStatusException(Statuses.Conflict(resource.QualifiedName, request.Name));
        }

        if (metadata.Text("uid") is { Length: > 0 } uid && uid != oldMetadata.Text("uid"))
        {
            throw new KubeStatusException(Statuses.PreconditionFailed(resource.QualifiedName, request.Name, "UID", uid, oldMetadata.Text("uid")));
        }
    }

    /// <summary>Of a status write only what it may change is looked at: the rest was taken from what stands.</summary>
    private static bool IsSame(ApiRequest request, JsonObject document, JsonObject old) => request.IsOfStatus
        ? JsonEquality.Equal(document["status"], old["status"]) && JsonEquality.Equal(document["metadata"], old["metadata"])
        : JsonEquality.Equal(document, old);

    private static SubresourceScope? ScopeOf(ApiRequest request) => request.Resource.Rules.ScopeOf(request.Subresource);

    private static void Prepare(ApiRequest request, JsonObject document, JsonObject old)
    {
        var strategy = request.Resource.Rules;
        var metadata = document.Metadata();
        var oldMetadata = old.Metadata();
        metadata.Remove("resourceVersion");
        metadata.Remove("selfLink");
        foreach (var name in (ReadOnlySpan<string>)["name", "namespace", "uid", "creationTimestamp", "deletionTimestamp",
            "deletionGracePeriodSeconds", "generation", "generateName"])
        {
            metadata.Take(name, oldMetadata);
        }

        if (request.IsOfStatus)
        {
            TakeAllButStatus(document, old, strategy.StatusMayChangeLabels);
            strategy.PrepareForStatusUpdate(document, old);
        }
        else if (ScopeOf(request) is { } scope)
        {
            scope.Apply(document, old);
        }
        else if (request.Subresource.Length == 0)
        {
            if (request.Resource.HasStatus)
            {
                document.Take("status", old);
            }

            strategy.PrepareForUpdate(document, old);
        }
    }

    /// <summary>A status write changes the status and, of the metadata, what Kubernetes lets it.</summary>
    private static void TakeAllButStatus(JsonObject document, JsonObject old, bool mayChangeLabels)
    {
        foreach (var name in document.Select(property => property.Key).ToList())
        {
            if (name is not ("metadata" or "status" or "kind" or "apiVersion"))
            {
                document.Take(name, old);
            }
        }

        foreach (var (name, value) in old)
        {
            if (name is not ("metadata" or "status") && !document.ContainsKey(name))
            {
                document[name] = value?.DeepClone();
            }
        }

        var metadata = document.Metadata();
        var oldMetadata = old.Metadata();
        metadata.Take("ownerReferences", oldMetadata);
        if (!mayChangeLabels)
        {
            metadata.Take("labels", oldMetadata);
        }
    }

    private static void CountGeneration(JsonObject document, JsonObject old, bool countsStatus)
    {
        foreach (var name in document.Select(property => property.Key).Union(old.Select(property => property.Key)))
        {
            if (name is not ("metadata" or "kind" or "apiVersion") && (countsStatus || name != "status") && !JsonEquality.Equal(document[name], old[name]))
            {
                document.Metadata()["generation"] = (old.Metadata().Integer("generation") ?? 0) + 1;
                return;
            }
        }
    }

    /// <returns>What was decoded of the bytes; null when only the metadata was.</returns>
    private static async ValueTask<IKubeObject?> ValidateAsync(
        ApiRequest request, JsonObject document, byte[] value, JsonObject old, StoreEntry current, CancellationToken cancellationToken)
    {
        if (request.Subresource.Length == 0)
        {
            var typed = StoredObject.Of(current).Read(bytes => request.Resource.Storage.Read(bytes));
            return await WriteSteps.ValidateUpdateAsync(request, document, value, typed, old, cancellationToken);
        }

        await WriteSteps.ValidateMetadataAsync(request, document, value, StoredObject.Of(current).Metadata, old, cancellationToken);
        return null;
    }
}
