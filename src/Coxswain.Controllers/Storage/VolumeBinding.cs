using Coxswain.Api.Core.V1;
using Coxswain.Client;

namespace Coxswain.Controllers.Storage;

/// <summary>
/// Binds a volume and a claim to each other, in four writes of which each can be the last: the volume's reference, its
/// phase, the claim's reference, its phase.
/// </summary>
internal sealed class VolumeBinding(IKubeClient client)
{
    public async Task BindAsync(PersistentVolume volume, PersistentVolumeClaim claim, CancellationToken cancellationToken)
    {
        volume = await ReferToAsync(volume, claim, cancellationToken);
        volume = await SetPhaseAsync(volume, PersistentVolumePhase.Bound, "", "", cancellationToken);
        claim = await ReferToAsync(claim, volume, cancellationToken);
        await SetBoundAsync(claim, volume, cancellationToken);
    }

    public async Task<PersistentVolume> SetPhaseAsync(
        PersistentVolume volume, string phase, string reason, string message, CancellationToken cancellationToken)
    {
        if (volume.Status.Phase == phase && volume.Status.Reason == reason)
        {
            return volume;
        }

        return await client.UpdateStatusAsync(volume with { Status = volume.Status with { Phase = phase, Reason = reason, Message = message } }, cancellationToken);
    }

    public async Task SetPhaseAsync(PersistentVolumeClaim claim, string phase, CancellationToken cancellationToken)
    {
        if (claim.Status.Phase != phase)
        {
            await client.UpdateStatusAsync(claim with { Status = claim.Status with { Phase = phase } }, cancellationToken);
        }
    }

    private async Task<PersistentVolume> ReferToAsync(PersistentVolume volume, PersistentVolumeClaim claim, CancellationToken cancellationToken)
    {
        if (volume.Spec.ClaimRef?.Uid == claim.Metadata.Uid)
        {
            return volume;
        }

        // One that its maker set aside stays so when the claim goes.
        var metadata = volume.Spec.ClaimRef is null ? volume.Metadata with { Annotations = With(volume.Metadata.Annotations, VolumeNames.BoundByController) } : volume.Metadata;
        var spec = volume.Spec with { ClaimRef = VolumeProvisioner.ReferenceTo(claim) };
        return await client.UpdateAsync(volume with { Metadata = metadata, Spec = spec }, cancellationToken);
    }

    private async Task<PersistentVolumeClaim> ReferToAsync(PersistentVolumeClaim claim, PersistentVolume volume, CancellationToken cancellationToken)
    {
        var annotations = claim.Metadata.Annotations;
        if (claim.Spec.VolumeName.Length == 0)
        {
            annotations = With(annotations, VolumeNames.BoundByController);
        }

        annotations = With(annotations, VolumeNames.BindCompleted);
        return claim.Spec.VolumeName.Length > 0 && annotations.Count == claim.Metadata.Annotations.Count ? claim : await client.UpdateAsync(
            claim with
            {
                Metadata = claim.Metadata with { Annotations = annotations },
                Spec = claim.Spec with { VolumeName = volume.Metadata.Name },
            },
            cancellationToken);
    }

    private async Task SetBoundAsync(PersistentVolumeClaim claim, PersistentVolume volume, CancellationToken cancellationToken)
    {
        var status = claim.Status with
        {
            Phase = PersistentVolumeClaimPhase.Bound,
            AccessModes = volume.Spec.AccessModes,

            // Once bound the capacity is the expansion's to change.
            Capacity = claim.Status.Phase == PersistentVolumeClaimPhase.Bound ? claim.Status.Capacity : volume.Spec.Capacity,
        };
        if (!status.Equals(claim.Status))
        {
            await client.UpdateStatusAsync(claim with { Status = status }, cancellationToken);
        }
    }

    private static IReadOnlyDictionary<string, string> With(IReadOnlyDictionary<string, string> annotations, string name) =>
        annotations.GetValueOrDefault(name) == "yes" ? annotations : new Dictionary<string, string>(annotations, StringComparer.Ordinal) { [name] = "yes" };
}
