using Coxswain.Api;
using Coxswain.Api.Apps.V1;
using Coxswain.Api.Core.V1;
using Coxswain.Api.Errors;
using Coxswain.Api.Meta.V1;
using Coxswain.Client;
using Coxswain.Client.Informers;
using LabelSelector = Coxswain.Api.Selectors.LabelSelector;

namespace Coxswain.Controllers.Revisions;

/// <summary>
/// The templates that a StatefulSet or DaemonSet has had, as ControllerRevisions: one for each, numbered in the order they
/// became current, so that one can go back.
/// </summary>
internal sealed class RevisionHistory<TOwner>(IKubeClient client, Informer<ControllerRevision> revisions)
    where TOwner : class, IKubeObject<TOwner>
{
    public const string HashLabel = "controller-revision-hash";

    private readonly OwnedObjects<TOwner, ControllerRevision> _own = new(client, revisions.WithOrphans(), (_, _) => true);

    /// <summary>The owner's revisions, oldest first, after adopting and letting go.</summary>
    public async Task<IReadOnlyList<ControllerRevision>> ListAsync(TOwner owner, LabelSelector selector, CancellationToken cancellationToken) =>
        Sorted(await _own.ClaimAsync(owner, selector, cancellationToken));

    /// <summary>The revision of the template, made or given the highest number if need be.</summary>
    /// <param name="labels">What the revision is found by: the owner's selector has to match them.</param>
    /// <param name="collisions">How often another template turned out to have the same name.</param>
    /// <returns>Null when the name is taken by another template: the next attempt has to count one collision more.</returns>
    public async Task<ControllerRevision?> CurrentAsync(
        TOwner owner, PodTemplateSpec template, IReadOnlyDictionary<string, string> labels, IReadOnlyList<ControllerRevision> known, int collisions,
        CancellationToken cancellationToken)
    {
        var highest = known.Count == 0 ? 0 : known.Max(revision => revision.Revision);
        var same = known.LastOrDefault(revision => template.Equals(RevisionData.TemplateOf(revision.Data)));
        if (same is not null)
        {
            return same.Revision == highest ? same : await RaiseAsync(same, owner, highest + 1, cancellationToken);
        }

        var hash = TemplateHash.Of(template, collisions);
        var wanted = new ControllerRevision
        {
            Metadata = ObjectMeta.Empty with
            {
                Name = $"{owner.Metadata.Name}-{hash}",
                Namespace = owner.Metadata.Namespace,
                Labels = new Dictionary<string, string>(labels, StringComparer.Ordinal) { [HashLabel] = hash },
                Annotations = owner.Metadata.Annotations,
                OwnerReferences = [OwnerReferences.ToController(owner)],
            },
            Data = RevisionData.Of(template),
            Revision = highest + 1,
        };
        try
        {
            return await client.CreateAsync(wanted, cancellationToken);
        }
        catch (KubeStatusException exception) when (exception.IsAlreadyExists)
        {
            // Our own that the cache does not show yet, or another's.
            var existing = await client.GetAsync<ControllerRevision>(wanted.Metadata.Namespace, wanted.Metadata.Name, cancellationToken);
            return OwnerReferences.IsControlledBy(existing, owner.Metadata.Uid) && template.Equals(RevisionData.TemplateOf(existing.Data)) ? existing : null;
        }
    }

    /// <summary>Deletes the oldest that are beyond the limit and that nothing uses.</summary>
    public async Task TruncateAsync(
        IReadOnlyList<ControllerRevision> known, Func<ControllerRevision, bool> isUsed, int limit, CancellationToken cancellationToken)
    {
        var unused = known.Where(revision => !isUsed(revision) && revision.Metadata.DeletionTimestamp is null).ToList();
        foreach (var revision in unused.Take(Math.Max(0, unused.Count - limit)))
        {
            try
            {
                await client.DeleteAsync<ControllerRevision>(revision.Metadata.Namespace, revision.Metadata.Name, DeleteOptions.Empty, cancellationToken);
            }
            catch (KubeStatusException exception) when (exception.IsNotFound)
            {
                // Somebody was faster.
            }
        }
    }

    private Task<ControllerRevision> RaiseAsync(ControllerRevision revision, TOwner owner, long number, CancellationToken cancellationToken) =>
        client.UpdateAsync(
            revision with
            {
                Revision = number,
                Metadata = revision.Metadata with { Annotations = Merged(revision.Metadata.Annotations, owner.Metadata.Annotations) },
            },
            cancellationToken);

    private static Dictionary<string, string> Merged(IReadOnlyDictionary<string, string> first, IReadOnlyDictionary<string, string> second)
    {
        var merged = new Dictionary<string, string>(first, StringComparer.Ordinal);
        foreach (var (key, value) in second)
        {
            merged[key] = value;
        }

        return merged;
    }

    private static IReadOnlyList<ControllerRevision> Sorted(IEnumerable<ControllerRevision> found) =>
        [.. found.OrderBy(revision => revision.Revision).ThenBy(revision => revision.Metadata.CreationTimestamp)
            .ThenBy(revision => revision.Metadata.Name, StringComparer.Ordinal)];
}
