using System.Text.Json.Nodes;
using Coxswain.Api.Apply;
using Coxswain.Api.Errors;
using Coxswain.Api.Scalars;
using Coxswain.Api.Schemata;
using Coxswain.ApiServer.Resources;

namespace Coxswain.ApiServer.Verbs;

/// <summary>Keeps who owns which fields, for every write: in the version it was asked in, under the name of who asked.</summary>
internal sealed class FieldTracker(CatalogueHolder resources, TimeProvider time)
{
    /// <summary>After a create or another write that is no apply.</summary>
    /// <param name="managed">Who owned what before, or what the writer says of it.</param>
    /// <param name="old">Null for a create.</param>
    /// <param name="document">Both of the stored version, without managedFields; not changed.</param>
    public async ValueTask<ManagedFields> TrackAsync(
        ApiRequest request, ManagedFields managed, JsonObject? old, JsonObject document, CancellationToken cancellationToken)
    {
        if (request.Resource.Schema is not { } schema || !request.Resource.Rules.TracksOwnersOf(request.Subresource))
        {
            return managed;
        }

        var before = old is null ? [] : await ShownAsync(request, old, cancellationToken);
        var after = await ShownAsync(request, document, cancellationToken);
        return OwnershipFor(request, schema).Update(
            managed, before, after, WriterOf(request, applies: false),
            request.IsOfStatus ? static field => field is "metadata" or "status" : null);
    }

    /// <param name="live">Of the version asked for, without managedFields; empty when there is no object. Not changed.</param>
    /// <returns>The object with the configuration in it, and its owners.</returns>
    /// <exception cref="KubeStatusException">Other managers own what it would change.</exception>
    public ApplyResult Apply(ApiRequest request, ManagedFields managed, JsonObject live, JsonObject configuration)
    {
        var schema = request.Resource.Schema ?? throw new KubeStatusException(Statuses.ResourceNotFound());
        var ownership = OwnershipFor(request, schema);
        var applier = WriterOf(request, applies: true);
        var result = ownership.Apply(managed, live, configuration, applier, request.Force);
        if (result.Document is null && LastApplied.Takes(applier.Name) && LastApplied.Of(live, schema, request.Resource.Kind) is { } last)
        {
            // What kubectl applied from the client's side is its own to apply from the server's.
            var own = ownership.StillAs(last, live);
            if (result.Contested.Difference(own).IsEmpty)
            {
                result = ownership.Apply(managed, live, configuration, applier, force: true);
            }
            else
            {
                var others = result.Contested.Difference(own).Paths().ToHashSet(StringComparer.Ordinal);
                result = result with { Conflicts = [.. result.Conflicts.Where(conflict => others.Contains(conflict.Path))] };
            }
        }

        if (result.Document is null)
        {
            throw new KubeStatusException(ApplyConflicts.Status(result.Conflicts));
        }

        if (LastApplied.Takes(applier.Name))
        {
            LastApplied.Refresh(result.Document, configuration);
        }

        return result;
    }

    private static FieldManager WriterOf(ApiRequest request, bool applies) =>
        new(request.Manager, applies, request.Resource.Kind.ApiVersion, request.Subresource);

    private static async ValueTask<JsonObject> ShownAsync(ApiRequest request, JsonObject stored, CancellationToken cancellationToken) =>
        request.Resource == request.Resource.Storage ? stored : await request.Resource.FromStoredAsync((JsonObject)stored.DeepClone(), cancellationToken);

    private FieldOwnership OwnershipFor(ApiRequest request, Schema schema) =>
        new(schema, new ServedVersions(resources, request.Resource), set => MayOwn(request, set), KubeTime.Format(time.GetUtcNow()));

    /// <summary>A write to the object leaves the status alone, and a write to the status nearly all else.</summary>
    private static FieldSet MayOwn(ApiRequest request, FieldSet set)
    {
        if (request.Subresource.Length == 0)
        {
            return request.Resource.HasStatus ? set.Below(field => field != "status") : set;
        }

        if (request.Subresource != "status")
        {
            return set;
        }

        var labels = request.Resource.Rules.StatusMayChangeLabels;
        var kept = set.Below(field => field is "status" or "metadata");
        return kept.WithChild("metadata", kept.Child("metadata").Below(field => field is "annotations" or "finalizers" || (labels && field == "labels")));
    }
}
