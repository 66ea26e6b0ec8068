using Coxswain.Api;
using Coxswain.Api.Errors;
using Coxswain.Api.Meta.V1;
using Coxswain.Client;
using Coxswain.Client.Informers;
using LabelSelector = Coxswain.Api.Selectors.LabelSelector;

namespace Coxswain.Controllers;

/// <summary>
/// What a controller's owners lay claim to: adopts those that the owner's selector matches and nobody controls, and lets go
/// those it no longer matches.
/// </summary>
/// <param name="objects">With <see cref="ControllerIndexes.WithOrphans{T}"/>.</param>
/// <param name="mayBeAdopted">Leaves out what is not worth adopting.</param>
/// <param name="finalizer">What the owner's objects are held by, if anything: added with adoption, taken away with letting go.</param>
internal sealed class OwnedObjects<TOwner, T>(IKubeClient client, Informer<T> objects, Func<TOwner, T, bool> mayBeAdopted, string finalizer = "")
    where TOwner : class, IKubeObject<TOwner>
    where T : class, IKubeObject<T>
{
    /// <summary>The owner's objects after adopting and letting go. Of an owner that is being deleted, those it has.</summary>
    public async Task<List<T>> ClaimAsync(TOwner owner, LabelSelector selector, CancellationToken cancellationToken)
    {
        var uid = owner.Metadata.Uid;
        var isDeleted = owner.Metadata.DeletionTimestamp is not null;
        var claimed = new List<T>();
        foreach (var obj in objects.ListByOwner(uid).Where(obj => OwnerReferences.IsControlledBy(obj, uid)))
        {
            if (isDeleted || selector.Matches(obj.Metadata.Labels))
            {
                claimed.Add(obj);
            }
            else if (obj.Metadata.DeletionTimestamp is null)
            {
                await PatchAsync(
                    obj, obj.Metadata.OwnerReferences.Where(reference => reference.Uid != uid),
                    obj.Metadata.Finalizers.Where(held => held != finalizer), cancellationToken);
            }
        }

        if (isDeleted || selector.IsEmpty)
        {
            return claimed;
        }

        var orphans = objects.ListOrphans(owner.Metadata.Namespace)
            .Where(obj => obj.Metadata.DeletionTimestamp is null && mayBeAdopted(owner, obj) && selector.Matches(obj.Metadata.Labels)).ToList();
        if (orphans.Count > 0 && await MayAdoptAsync(owner, cancellationToken))
        {
            foreach (var obj in orphans)
            {
                IEnumerable<OwnerReference> owners = [.. obj.Metadata.OwnerReferences, OwnerReferences.ToController(owner)];
                if (await PatchAsync(obj, owners, FinalizersOfOwned(obj), cancellationToken) is { } adopted)
                {
                    claimed.Add(adopted);
                }
            }
        }

        return claimed;
    }

    /// <summary>Asks the server, not the cache: an owner deleted with its objects orphaned must not take them back.</summary>
    private async Task<bool> MayAdoptAsync(TOwner owner, CancellationToken cancellationToken)
    {
        var fresh = await client.FindAsync<TOwner>(owner.Metadata.Namespace, owner.Metadata.Name, cancellationToken);
        return fresh is not null && fresh.Metadata.Uid == owner.Metadata.Uid && fresh.Metadata.DeletionTimestamp is null;
    }

    private IEnumerable<string> FinalizersOfOwned(T obj) =>
        finalizer.Length == 0 || obj.Metadata.Finalizers.Contains(finalizer) ? obj.Metadata.Finalizers : [.. obj.Metadata.Finalizers, finalizer];

    /// <returns>The object as it is now; null when it is gone.</returns>
    private async Task<T?> PatchAsync(
        T obj, IEnumerable<OwnerReference> owners, IEnumerable<string> finalizers, CancellationToken cancellationToken)
    {
        try
        {
            var patch = OwnerReferences.Patch(obj.Metadata, owners, finalizers);
            return await client.PatchAsync<T>(obj.Metadata.Namespace, obj.Metadata.Name, patch, cancellationToken);
        }
        catch (KubeStatusException exception) when (exception.IsNotFound)
        {
            return null;
        }
    }
}
