using Coxswain.Api.Core.V1;
using Coxswain.Client;

namespace Coxswain.Node.Objects;

/// <summary>Follows a claim to its volume, which must lie on this node: hostPath or local.</summary>
internal sealed class ClaimedVolumes(IKubeClient client) : IClaimedVolumes
{
    public async Task<string> PathAsync(string @namespace, string claimName, CancellationToken cancellationToken)
    {
        var claim = await client.FindAsync<PersistentVolumeClaim>(@namespace, claimName, cancellationToken)
            ?? throw new PodObjectException($"persistentvolumeclaim \"{claimName}\" not found");
        if (claim.Spec.VolumeName.Length == 0 || claim.Status.Phase != PersistentVolumeClaimPhase.Bound)
        {
            throw new PodObjectException($"persistentvolumeclaim \"{claimName}\" is not bound");
        }

        var volume = await client.FindAsync<PersistentVolume>(null, claim.Spec.VolumeName, cancellationToken)
            ?? throw new PodObjectException($"persistentvolume \"{claim.Spec.VolumeName}\" not found");
        return volume.Spec.HostPath?.Path ?? volume.Spec.Local?.Path
            ?? throw new PodObjectException($"persistentvolume \"{claim.Spec.VolumeName}\" is of a kind this node cannot mount");
    }
}
