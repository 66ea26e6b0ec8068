using Coxswain.Api.Core.V1;
using Coxswain.Api.Storage.V1;
using Coxswain.Client;
using Coxswain.Client.Informers;
using Coxswain.Controllers.Storage;
using Coxswain.Scheduler;

namespace Coxswain.Controllers.Scheduling;

/// <summary>What pods' claims ask of nodes, from the caches; and the choice of a node, told to the claims.</summary>
internal sealed class VolumeFacts(IKubeClient client, InformerFactory informers)
{
    private readonly Informer<PersistentVolumeClaim> _claims = informers.Of<PersistentVolumeClaim>();
    private readonly Informer<PersistentVolume> _volumes = informers.Of<PersistentVolume>();
    private readonly Informer<StorageClass> _classes = informers.Of<StorageClass>();

    public IReadOnlyList<IInformer> Inputs => [_claims, _volumes, _classes];

    /// <summary>Something changed that a pod may wait for.</summary>
    public void OnChange(Action changed)
    {
        _claims.OnChange((_, _) => changed());
        _volumes.OnChange((_, _) => changed());
        _classes.OnChange((_, _) => changed());
    }

    public VolumeNeeds NeedsOf(Pod pod)
    {
        var (bound, unbound) = (new List<NodeSelector>(), new List<UnboundClaim>());
        foreach (var name in PodClaims.NamesOf(pod))
        {
            if (_claims.Get(pod.Metadata.Namespace, name) is not { } claim)
            {
                return Refused($"persistentvolumeclaim \"{name}\" not found");
            }

            if (claim.Metadata.DeletionTimestamp is not null)
            {
                return Refused($"persistentvolumeclaim \"{name}\" is being deleted");
            }

            if (claim.Status.Phase == PersistentVolumeClaimPhase.Lost)
            {
                return Refused($"persistentvolumeclaim \"{name}\" bound to non-existent persistentvolume \"{claim.Spec.VolumeName}\"");
            }

            if (IsBound(claim))
            {
                if (_volumes.Get("", claim.Spec.VolumeName) is not { } volume)
                {
                    return Refused($"persistentvolume \"{claim.Spec.VolumeName}\" not found");
                }

                if (volume.Spec.NodeAffinity?.Required is { } required)
                {
                    bound.Add(required);
                }

                continue;
            }

            var storage = _classes.Get("", ClaimMatch.ClassOf(claim) ?? "");
            if (!ClaimMatch.WaitsForConsumer(storage) || claim.Spec.VolumeName.Length > 0)
            {
                return Refused("pod has unbound immediate PersistentVolumeClaims");
            }

            unbound.Add(Waiting(claim, storage!));
        }

        return bound.Count == 0 && unbound.Count == 0 ? VolumeNeeds.None : new VolumeNeeds(null, bound, unbound);
    }

    /// <summary>Has the claims bound for the node: to volumes that are there, or to ones that are made.</summary>
    public async Task SelectAsync(VolumeNeeds needs, NodeInfo node, CancellationToken cancellationToken)
    {
        foreach (var waiting in needs.Unbound)
        {
            if (_claims.Get(waiting.Namespace, waiting.Name) is not { } claim)
            {
                continue;
            }

            var candidate = waiting.Candidates.FirstOrDefault(
                volume => volume.Spec.NodeAffinity?.Required is not { } required || NodeSelection.Matches(required, node.Node));
            if (candidate is not null)
            {
                if (candidate.Spec.ClaimRef is null)
                {
                    await client.UpdateAsync(candidate with { Spec = candidate.Spec with { ClaimRef = VolumeProvisioner.ReferenceTo(claim) } }, cancellationToken);
                }
            }
            else if (waiting.SelectedNode != node.Name)
            {
                var annotations = new Dictionary<string, string>(StringComparer.Ordinal) { [VolumeNames.SelectedNode] = node.Name };
                await client.PatchAsync<PersistentVolumeClaim>(
                    waiting.Namespace, waiting.Name, KubePatch.Merge(new { metadata = new { annotations } }), cancellationToken);
            }
        }
    }

    private static VolumeNeeds Refused(string why) => VolumeNeeds.None with { Refusal = why };

    private static bool IsBound(PersistentVolumeClaim claim) =>
        claim.Spec.VolumeName.Length > 0 && claim.Metadata.Annotations.ContainsKey(VolumeNames.BindCompleted);

    private UnboundClaim Waiting(PersistentVolumeClaim claim, StorageClass storage)
    {
        var candidates = _volumes.List()
            .Where(volume => ClaimMatch.IsFor(claim, volume) || (volume.Spec.ClaimRef is null && volume.Status.Phase == PersistentVolumePhase.Available))
            .Where(volume => volume.Metadata.DeletionTimestamp is null && ClaimMatch.Satisfies(claim, volume))
            .OrderByDescending(volume => ClaimMatch.IsFor(claim, volume)).ThenBy(ClaimMatch.CapacityOf).ThenBy(volume => volume.Metadata.Name, StringComparer.Ordinal)
            .ToList();
        var selected = claim.Metadata.Annotations.GetValueOrDefault(VolumeNames.SelectedNode) ?? "";
        return new UnboundClaim(claim.Metadata.Namespace, claim.Metadata.Name, candidates, storage.Provisioner != "kubernetes.io/no-provisioner", selected);
    }
}
