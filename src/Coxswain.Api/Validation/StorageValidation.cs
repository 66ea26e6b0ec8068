using Coxswain.Api.Core.V1;
using Coxswain.Api.Errors;
using Coxswain.Api.Json;
using Coxswain.Api.Scalars;
using Coxswain.Api.Storage.V1;

namespace Coxswain.Api.Validation;

/// <summary>The rules for claims, volumes and their classes.</summary>
internal static class StorageValidation
{
    public static void Check(FieldErrors errors, PersistentVolumeClaim value)
    {
        var spec = value.Spec;
        AccessModes(errors, spec.AccessModes);
        SelectorValidation.Check(errors, spec.Selector, "spec.selector");
        if (!spec.Resources.Requests.TryGetValue("storage", out var storage))
        {
            errors.Required("spec.resources[storage]");
        }
        else if (storage.Value <= 0)
        {
            errors.Invalid("spec.resources[storage]", storage, "must be greater than zero");
        }

        if (spec.StorageClassName is { Length: > 0 } className)
        {
            errors.Invalid("spec.storageClassName", className, Names.SubdomainErrors(className));
        }

        VolumeMode(errors, spec.VolumeMode);
    }

    public static void CheckUpdate(FieldErrors errors, PersistentVolumeClaim value, PersistentVolumeClaim old)
    {
        var (now, before) = (value.Spec, old.Spec);
        var rest = now with
        {
            // The binder names the volume, and a class may be given to a claim that had none.
            VolumeName = before.VolumeName.Length == 0 ? before.VolumeName : now.VolumeName,
            StorageClassName = before.StorageClassName,
            Resources = before.Resources,
            VolumeAttributesClassName = before.VolumeAttributesClassName,
        };
        if (!rest.Equals(before) || (before.StorageClassName is not null && now.StorageClassName != before.StorageClassName))
        {
            errors.Forbidden("spec", "spec is immutable after creation except resources.requests and volumeAttributesClassName for bound claims\n");
        }

        if (now.Resources.Requests.GetValueOrDefault("storage") < before.Resources.Requests.GetValueOrDefault("storage"))
        {
            errors.Forbidden("spec.resources.requests.storage", "field can not be less than status.capacity");
        }
    }

    public static void Check(FieldErrors errors, PersistentVolume value)
    {
        var spec = value.Spec;
        AccessModes(errors, spec.AccessModes);
        if (!spec.Capacity.TryGetValue("storage", out var capacity))
        {
            errors.Required("spec.capacity");
        }
        else if (capacity.Value <= 0)
        {
            errors.Invalid("spec.capacity[storage]", capacity, "must be greater than zero");
        }

        switch (EnvValidation.Count(
            spec.GcePersistentDisk, spec.AwsElasticBlockStore, spec.HostPath, spec.Glusterfs, spec.Nfs, spec.Rbd, spec.Iscsi, spec.Cinder, spec.Cephfs,
            spec.Fc, spec.Flocker, spec.FlexVolume, spec.AzureFile, spec.VsphereVolume, spec.Quobyte, spec.AzureDisk, spec.PhotonPersistentDisk,
            spec.PortworxVolume, spec.ScaleIO, spec.Local, spec.Storageos, spec.Csi))
        {
            case 0:
                errors.Required("spec", "must specify a volume type");
                break;
            case > 1:
                errors.Forbidden("spec", "may not specify more than 1 volume type");
                break;
        }

        if (spec.HostPath is { Path.Length: 0 })
        {
            errors.Required("spec.hostPath.path");
        }

        if (spec.Local is not null && spec.NodeAffinity?.Required is null)
        {
            errors.Required("spec.nodeAffinity", "Local volume requires node affinity");
        }

        if (spec.NodeAffinity?.Required is { } required)
        {
            AffinityValidation.NodeSelector(errors, required, "spec.nodeAffinity.required");
        }

        if (spec.PersistentVolumeReclaimPolicy.Length > 0)
        {
            errors.OneOf("spec.persistentVolumeReclaimPolicy", spec.PersistentVolumeReclaimPolicy, "Delete", "Recycle", "Retain");
        }

        VolumeMode(errors, spec.VolumeMode);
    }

    public static void Check(FieldErrors errors, StorageClass value)
    {
        if (value.Provisioner.Length == 0)
        {
            errors.Required("provisioner", value.Provisioner);
        }
        else
        {
            errors.Invalid("provisioner", value.Provisioner, Names.QualifiedNameErrors(value.Provisioner.ToLowerInvariant()));
        }

        errors.OneOf("reclaimPolicy", value.ReclaimPolicy ?? "", "Delete", "Retain");
        errors.OneOf("volumeBindingMode", value.VolumeBindingMode ?? "", "Immediate", "WaitForFirstConsumer");
    }

    public static void CheckUpdate(FieldErrors errors, StorageClass value, StorageClass old)
    {
        if (!KubeEquality.Equal(value.Parameters, old.Parameters, string.Equals))
        {
            errors.Forbidden("parameters", "updates to parameters are forbidden.");
        }

        if (value.Provisioner != old.Provisioner)
        {
            errors.Forbidden("provisioner", "updates to provisioner are forbidden.");
        }

        if (value.ReclaimPolicy != old.ReclaimPolicy)
        {
            errors.Forbidden("reclaimPolicy", "updates to reclaimPolicy are forbidden.");
        }

        errors.Immutable("volumeBindingMode", value.VolumeBindingMode, value.VolumeBindingMode == old.VolumeBindingMode);
    }

    private static void AccessModes(FieldErrors errors, IReadOnlyList<string> modes)
    {
        if (modes.Count == 0)
        {
            errors.Required("spec.accessModes", "at least 1 access mode is required");
        }

        foreach (var mode in modes)
        {
            errors.OneOf("spec.accessModes", mode, "ReadOnlyMany", "ReadWriteMany", "ReadWriteOnce", "ReadWriteOncePod");
        }

        if (modes.Count > 1 && modes.Contains("ReadWriteOncePod"))
        {
            errors.Forbidden("spec.accessModes", "may not use ReadWriteOncePod with other access modes");
        }
    }

    private static void VolumeMode(FieldErrors errors, string? mode)
    {
        if (mode is not null)
        {
            errors.OneOf("spec.volumeMode", mode, "Block", "Filesystem");
        }
    }
}
