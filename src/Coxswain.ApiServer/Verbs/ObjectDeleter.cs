using System.Text.Json.Nodes;
using Coxswain.Api.Errors;
using Coxswain.Api.Json;
using Coxswain.Api.Meta.V1;
using Coxswain.Api.Scalars;
using Coxswain.ApiServer.Admission;
using Coxswain.ApiServer.Documents;
using Coxswain.ApiServer.Resources;
using Coxswain.Store;

namespace Coxswain.ApiServer.Verbs;

/// <summary>What became of a delete.</summary>
/// <param name="Entry">The object as it now stands, or as it last was.</param>
/// <param name="IsGone">False while finalizers or a grace period keep it.</param>
internal sealed record DeleteResult(StoreEntry Entry, bool IsGone);

/// <summary>Deletes objects: at once, or by marking them for whoever holds a finalizer or ends them gracefully.</summary>
internal sealed class ObjectDeleter(IStore store, WriteSteps steps, TimeProvider time)
{
    private const int MostAttempts = 1000;

    /// <summary>68 years. A longer period means "for ever" and would lead to a time that cannot be written.</summary>
    private const long MostGraceSeconds = int.MaxValue;

    public async ValueTask<DeleteResult> DeleteAsync(ApiRequest request, DeleteOptions options, CancellationToken cancellationToken)
    {
        CheckOptions(options);
        request = request with { DryRun = request.DryRun || options.DryRun.Count > 0 };
        var resource = request.Resource;
        var asked = Document.Of(options);
        for (var attempt = 0; attempt < MostAttempts; attempt++)
        {
            var current = await store.GetAsync(request.Key, cancellationToken)
                ?? throw new KubeStatusException(Statuses.NotFound(resource.QualifiedName, request.Name));
            var old = Document.Decode((await resource.Storage.ShowAsync(current, cancellationToken)).Value);
            CheckPreconditions(request, options.Preconditions, old, current.ModRevision);
            var context = new AdmissionContext(request, AdmissionOperation.Delete, Document: null, old) { Options = asked };
            await steps.MutateAsync(context, schema: null, cancellationToken);
            await steps.AdmitAsync(context, cancellationToken);
            var document = (JsonObject)old.DeepClone();
            Mark(resource, document, options);
            var isGone = ObjectUpdater.EndsDeletion(resource, document);
            if (!isGone && JsonEquality.Equal(document, old))
            {
                return new DeleteResult(current, IsGone: false);
            }

            if (request.DryRun)
            {
                return new DeleteResult(current, isGone);
            }

            var write = new StoreWrite(current.Key, isGone ? default(ReadOnlyMemory<byte>?) : Document.Encode(document), current.ModRevision);
            var result = await store.WriteAsync(write, cancellationToken);
            if (result.Outcome == WriteOutcome.Committed)
            {
                if (!isGone)
                {
                    return new DeleteResult(result.Entry!, IsGone: false); // a committed put has its entry
                }

                await resource.Rules.ReleasedAsync(old, CancellationToken.None);
                return new DeleteResult(new StoreEntry(current.Key, current.Value, current.CreateRevision, result.Revision), IsGone: true);
            }
        }

        throw new KubeStatusException(Statuses.ServerTimeout(resource.QualifiedName, request.Verb, 1));
    }

    private static void CheckOptions(DeleteOptions options)
    {
        if (options.DryRun.FirstOrDefault(value => value != "All") is { } unknown)
        {
            throw new KubeStatusException(Statuses.Invalid(DeleteOptions.ObjectKind, "", [FieldError.NotSupported("dryRun", unknown, ["All"])]));
        }

        if (options.OrphanDependents is not null && options.PropagationPolicy is not null)
        {
            throw new KubeStatusException(Statuses.Invalid(DeleteOptions.ObjectKind, "", [FieldError.Invalid(
                "propagationPolicy", options.PropagationPolicy, "orphanDependents and deletionPropagation cannot be both set")]));
        }

        if (options.PropagationPolicy is not (null or "Background" or "Foreground" or "Orphan"))
        {
            throw new KubeStatusException(Statuses.Invalid(DeleteOptions.ObjectKind, "", [FieldError.NotSupported(
                "propagationPolicy", options.PropagationPolicy, ["Background", "Foreground", "Orphan"])]));
        }
    }

    private static void CheckPreconditions(ApiRequest request, Preconditions? preconditions, JsonObject document, long revision)
    {
        var resource = request.Resource.QualifiedName;
        var uid = document.Metadata().Text("uid");
        if (preconditions?.Uid is { } wantedUid && wantedUid != uid)
        {
            throw new KubeStatusException(Statuses.PreconditionFailed(resource, request.Name, "UID", wantedUid, uid));
        }

        var version = ResourceVersions.Format(revision);
        if (preconditions?.ResourceVersion is { Length: > 0 } wantedVersion && wantedVersion != version)
        {
            throw new KubeStatusException(Statuses.PreconditionFailed(resource, request.Name, "ResourceVersion", wantedVersion, version));
        }
    }

    private void Mark(ServedResource resource, JsonObject document, DeleteOptions options)
    {
        var metadata = document.Metadata();
        SetPropagation(resource, metadata, options);
        var grace = Math.Min(resource.Rules.GracePeriodSeconds(document, options.GracePeriodSeconds) ?? 0, MostGraceSeconds);
        var deletion = metadata.Text("deletionTimestamp");
        if (deletion.Length > 0)
        {
            // A later delete may only shorten what the first one allowed, and only when it says by how much.
            var before = metadata.Integer("deletionGracePeriodSeconds") ?? 0;
            if (options.GracePeriodSeconds is not { } shorter || Math.Max(shorter, 0) >= before)
            {
                return;
            }

            grace = shorter < 0 ? 1 : shorter;
            if (KubeTime.TryParse(deletion, out var due))
            {
                metadata["deletionTimestamp"] = KubeTime.Format(due - TimeSpan.FromSeconds(before - grace));
            }

            metadata["deletionGracePeriodSeconds"] = grace;
            return;
        }

        metadata["deletionTimestamp"] = KubeTime.Format(time.GetUtcNow() + TimeSpan.FromSeconds(grace));
        metadata["deletionGracePeriodSeconds"] = grace;
        if (metadata.Integer("generation") is > 0 and var generation)
        {
            metadata["generation"] = generation + 1;
        }

        resource.Rules.DeletionBegan(document);
    }

    private static void SetPropagation(ServedResource resource, JsonObject metadata, DeleteOptions options)
    {
        var finalizers = metadata["finalizers"].Texts().ToList();
        var wanted = options.OrphanDependents switch
        {
            true => Finalizers.Orphan,
            false => "",
            null => options.PropagationPolicy switch
            {
                "Orphan" => Finalizers.Orphan,
                "Foreground" => Finalizers.Foreground,
                "Background" => "",
                _ => finalizers.Find(name => name is Finalizers.Orphan or Finalizers.Foreground) ?? resource.Rules.DefaultDeleteFinalizer,
            },
        };
        var changed = finalizers.RemoveAll(name => name is Finalizers.Orphan or Finalizers.Foreground && name != wanted) > 0;
        if (wanted.Length > 0 && !finalizers.Contains(wanted))
        {
            finalizers.Add(wanted);
            changed = true;
        }

        if (changed)
        {
            metadata["finalizers"] = new JsonArray([.. finalizers.Select(name => JsonValue.Create(name))]);
            if (finalizers.Count == 0)
            {
                metadata.Remove("finalizers");
            }
        }
    }
}
