using Coxswain.Api.Core.V1;
using Coxswain.Api.Errors;
using Coxswain.Api.Meta.V1;
using Coxswain.Api.Scalars;
using Coxswain.Api.Storage.V1;
using Coxswain.Client;
using Coxswain.Client.Events;

namespace Coxswain.Controllers.Storage;

/// <summary>The built-in provisioner: a folder on this machine's disk becomes a hostPath volume of one claim.</summary>
/// <param name="folders">Null where there is no disk: then nothing is provisioned.</param>
internal sealed class VolumeProvisioner(IKubeClient client, EventRecorder events, IVolumeFolders? folders)
{
    public static bool IsOurs(StorageClass storage) => storage.Provisioner == VolumeNames.HostPathProvisioner;

    public static bool IsOurs(PersistentVolume volume) =>
        volume.Metadata.Annotations.GetValueOrDefault(VolumeNames.ProvisionedBy) == VolumeNames.HostPathProvisioner;

    /// <summary>Makes the claim's volume. A second attempt finds the first one's.</summary>
    /// <param name="nodeName">The host name of the node that the data are tied to; empty for none.</param>
    public async Task ProvisionAsync(PersistentVolumeClaim claim, StorageClass storage, string nodeName, CancellationToken cancellationToken)
    {
        var refusal = folders is null ? "this cluster has no disk for volumes"
            : claim.Spec.Selector is not null ? "claim.Spec.Selector is not supported for dynamic provisioning"
            : claim.Spec.VolumeMode == PersistentVolumeMode.Block ? "block volumes are not supported"
            : null;
        if (refusal is not null || folders is null)
        {
            events.Warning(claim, "ProvisioningFailed", $"failed to provision volume with StorageClass \"{storage.Metadata.Name}\": {refusal}");
            return;
        }

        var name = $"pvc-{claim.Metadata.Uid}";
        try
        {
            folders.Create(name);
            var volume = await client.CreateAsync(VolumeFor(claim, storage, nodeName, name, folders.PathOf(name)), cancellationToken);
            events.Normal(claim, "ProvisioningSucceeded", $"Successfully provisioned volume {volume.Metadata.Name}");
        }
        catch (KubeStatusException exception) when (exception.IsAlreadyExists)
        {
            // The cache does not show it yet.
        }
        catch (Exception exception) when (!cancellationToken.IsCancellationRequested)
        {
            events.Warning(claim, "ProvisioningFailed", $"failed to provision volume with StorageClass \"{storage.Metadata.Name}\": {exception.Message}");
            throw;
        }
    }

    /// <summary>Removes what the volume held.</summary>
    public void Remove(PersistentVolume volume) => folders?.Remove(volume.Metadata.Name);

    private static PersistentVolume VolumeFor(PersistentVolumeClaim claim, StorageClass storage, string nodeName, string name, string path) => new()
    {
        Metadata = ObjectMeta.Empty with
        {
            Name = name,
            Annotations = new Dictionary<string, string> { [VolumeNames.ProvisionedBy] = VolumeNames.HostPathProvisioner },
            Finalizers = [VolumeNames.VolumeProtection, VolumeNames.ProvisionerFinalizer],
        },
        Spec = new PersistentVolumeSpec
        {
            AccessModes = claim.Spec.AccessModes,
            Capacity = new Dictionary<string, Quantity> { ["storage"] = ClaimMatch.RequestOf(claim) },
            HostPath = new HostPathVolumeSource { Path = path, Type = HostPathType.DirectoryOrCreate },
            ClaimRef = ReferenceTo(claim),
            PersistentVolumeReclaimPolicy = storage.ReclaimPolicy ?? PersistentVolumeReclaimPolicy.Delete,
            StorageClassName = storage.Metadata.Name,
            MountOptions = storage.MountOptions,
            VolumeMode = PersistentVolumeMode.Filesystem,
            NodeAffinity = nodeName.Length == 0 ? null : new VolumeNodeAffinity
            {
                Required = new NodeSelector
                {
                    NodeSelectorTerms =
                    [
                        new NodeSelectorTerm
                        {
                            MatchExpressions =
                            [
                                new NodeSelectorRequirement { Key = VolumeNames.HostName, Operator = NodeSelectorOperator.In, Values = [nodeName] },
                            ],
                        },
                    ],
                },
            },
        },
    };

    public static ObjectReference ReferenceTo(PersistentVolumeClaim claim) => new()
    {
        Kind = PersistentVolumeClaim.ObjectKind.Kind, ApiVersion = PersistentVolumeClaim.ObjectKind.ApiVersion, Namespace = claim.Metadata.Namespace,
        Name = claim.Metadata.Name, Uid = claim.Metadata.Uid, ResourceVersion = claim.Metadata.ResourceVersion,
    };
}
