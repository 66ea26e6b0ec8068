using Coxswain.Api.Core.V1;
using Coxswain.Api.Errors;
using Coxswain.Api.Scalars;

namespace Coxswain.Api.Validation;

/// <summary>The rules for a Pod's volumes and their mounts.</summary>
internal static class VolumeValidation
{
    private const string ModeRange = "must be a number between 0 and 0777 (octal), both inclusive";

    /// <returns>The names of the volumes.</returns>
    public static IReadOnlySet<string> Volumes(FieldErrors errors, IReadOnlyList<Volume> volumes, string path)
    {
        var names = new HashSet<string>(StringComparer.Ordinal);
        for (var i = 0; i < volumes.Count; i++)
        {
            var volume = volumes[i];
            var at = $"{path}[{i}]";
            if (volume.Name.Length == 0)
            {
                errors.Required(at + ".name");
            }
            else
            {
                errors.Invalid(at + ".name", volume.Name, Names.LabelErrors(volume.Name));
                if (!names.Add(volume.Name))
                {
                    errors.Duplicate(at + ".name", volume.Name);
                }
            }

            Source(errors, volume, at);
        }

        return names;
    }

    public static void Mounts(FieldErrors errors, Container container, string path, IReadOnlySet<string> volumes)
    {
        HashSet<string>? places = null;
        for (var i = 0; i < container.VolumeMounts.Count; i++)
        {
            var mount = container.VolumeMounts[i];
            var at = $"{path}[{i}]";
            if (mount.Name.Length == 0)
            {
                errors.Required(at + ".name");
            }
            else if (!volumes.Contains(mount.Name))
            {
                errors.Add(FieldError.NotFound(at + ".name", mount.Name));
            }

            if (mount.MountPath.Length == 0)
            {
                errors.Required(at + ".mountPath");
            }
            else if (!(places ??= new(StringComparer.Ordinal)).Add(mount.MountPath))
            {
                errors.Invalid(at + ".mountPath", mount.MountPath, "must be unique");
            }

            if (mount.SubPath.Length > 0)
            {
                RelativePath(errors, mount.SubPath, at + ".subPath");
                if (mount.SubPathExpr.Length > 0)
                {
                    errors.Invalid(at + ".subPathExpr", mount.SubPathExpr, "subPathExpr and subPath are mutually exclusive");
                }
            }

            if (mount.MountPropagation is { } propagation)
            {
                errors.OneOf(at + ".mountPropagation", propagation, "Bidirectional", "HostToContainer", "None");
            }

            RecursiveReadOnly(errors, mount, at + ".recursiveReadOnly");
        }
    }

    private static void RecursiveReadOnly(FieldErrors errors, VolumeMount mount, string path)
    {
        switch (mount.RecursiveReadOnly)
        {
            case null or RecursiveReadOnlyMode.Disabled:
                return;
            case RecursiveReadOnlyMode.Enabled or RecursiveReadOnlyMode.IfPossible:
                if (!mount.ReadOnly)
                {
                    errors.Forbidden(path, "may only be specified when readOnly is true");
                }

                if (mount.MountPropagation is not (null or "None"))
                {
                    errors.Forbidden(path, "may only be specified when mountPropagation is None or not specified");
                }

                return;
            case var other:
                errors.OneOf(path, other, "Disabled", "IfPossible", "Enabled");
                return;
        }
    }

    private static void Source(FieldErrors errors, Volume volume, string path)
    {
        var sources = EnvValidation.Count(
            volume.HostPath, volume.EmptyDir, volume.GcePersistentDisk, volume.AwsElasticBlockStore, volume.GitRepo, volume.Secret, volume.Nfs,
            volume.Iscsi, volume.Glusterfs, volume.PersistentVolumeClaim, volume.Rbd, volume.FlexVolume, volume.Cinder, volume.Cephfs,
            volume.Flocker, volume.DownwardAPI, volume.Fc, volume.AzureFile, volume.ConfigMap, volume.VsphereVolume, volume.Quobyte,
            volume.AzureDisk, volume.PhotonPersistentDisk, volume.Projected, volume.PortworxVolume, volume.ScaleIO, volume.Storageos, volume.Csi,
            volume.Ephemeral, volume.Image);
        if (sources == 0)
        {
            errors.Required(path, "must specify a volume type");
        }
        else if (sources > 1)
        {
            errors.Forbidden(path, "may not specify more than 1 volume type");
        }

        if (volume.EmptyDir?.SizeLimit is { Value: < 0 })
        {
            errors.Forbidden(path + ".emptyDir.sizeLimit", "SizeLimit field must be a valid resource quantity");
        }

        if (volume.HostPath is { } host)
        {
            HostPath(errors, host, path + ".hostPath");
        }

        if (volume.ConfigMap is { } config)
        {
            RequireName(errors, config.Name, path + ".configMap.name");
            Items(errors, config.Items, config.DefaultMode, path + ".configMap");
        }

        if (volume.Secret is { } secret)
        {
            RequireName(errors, secret.SecretName, path + ".secret.secretName");
            Items(errors, secret.Items, secret.DefaultMode, path + ".secret");
        }

        if (volume.PersistentVolumeClaim is { } claim)
        {
            RequireName(errors, claim.ClaimName, path + ".persistentVolumeClaim.claimName");
        }

        if (volume.Projected is { } projected)
        {
            Projected(errors, projected, path + ".projected");
        }

        if (volume.Image is { } image)
        {
            RequireName(errors, image.Reference, path + ".image.reference");
            if (image.PullPolicy.Length > 0)
            {
                errors.OneOf(path + ".image.pullPolicy", image.PullPolicy, "Always", "IfNotPresent", "Never");
            }
        }

        if (volume.Nfs is { } nfs)
        {
            RequireName(errors, nfs.Server, path + ".nfs.server");
            RequireName(errors, nfs.Path, path + ".nfs.path");
        }
    }

    private static void HostPath(FieldErrors errors, HostPathVolumeSource host, string path)
    {
        RequireName(errors, host.Path, path + ".path");
        if (host.Path.Split('/').Contains(".."))
        {
            errors.Invalid(path + ".path", host.Path, "must not contain '..'");
        }

        if (host.Type is { } type)
        {
            errors.OneOf(path + ".type", type, "", "DirectoryOrCreate", "Directory", "FileOrCreate", "File", "Socket", "CharDevice", "BlockDevice");
        }
    }

    private static void Projected(FieldErrors errors, ProjectedVolumeSource projected, string path)
    {
        Mode(errors, projected.DefaultMode, path + ".defaultMode");
        for (var i = 0; i < projected.Sources.Count; i++)
        {
            var source = projected.Sources[i];
            var at = $"{path}.sources[{i}]";
            switch (EnvValidation.Count(source.Secret, source.DownwardAPI, source.ConfigMap, source.ServiceAccountToken, source.ClusterTrustBundle, source.PodCertificate))
            {
                case 0:
                    errors.Required(at, "must specify a volume type");
                    break;
                case > 1:
                    errors.Forbidden(at, "may not specify more than 1 volume type");
                    break;
            }

            if (source.ConfigMap is { } config)
            {
                RequireName(errors, config.Name, at + ".configMap.name");
                Items(errors, config.Items, null, at + ".configMap");
            }

            if (source.Secret is { } secret)
            {
                RequireName(errors, secret.Name, at + ".secret.name");
                Items(errors, secret.Items, null, at + ".secret");
            }

            if (source.ServiceAccountToken is { } token)
            {
                RequireName(errors, token.Path, at + ".serviceAccountToken.path");
                if (token.ExpirationSeconds < 600)
                {
                    errors.Invalid(at + ".serviceAccountToken.expirationSeconds", token.ExpirationSeconds, "may not specify a duration less than 10 minutes");
                }
            }
        }
    }

    private static void Items(FieldErrors errors, IReadOnlyList<KeyToPath> items, int? defaultMode, string path)
    {
        Mode(errors, defaultMode, path + ".defaultMode");
        for (var i = 0; i < items.Count; i++)
        {
            var at = $"{path}.items[{i}]";
            RequireName(errors, items[i].Key, at + ".key");
            RequireName(errors, items[i].Path, at + ".path");
            RelativePath(errors, items[i].Path, at + ".path");
            Mode(errors, items[i].Mode, at + ".mode");
        }
    }

    private static void Mode(FieldErrors errors, int? mode, string path)
    {
        if (mode is < 0 or > 511)
        {
            errors.Invalid(path, mode, ModeRange);
        }
    }

    private static void RequireName(FieldErrors errors, string name, string path)
    {
        if (name.Length == 0)
        {
            errors.Required(path);
        }
    }

    private static void RelativePath(FieldErrors errors, string text, string path)
    {
        if (text.StartsWith('/'))
        {
            errors.Invalid(path, text, "must be a relative path");
        }

        if (text.Split('/').Contains(".."))
        {
            errors.Invalid(path, text, "must not contain '..'");
        }
    }
}
