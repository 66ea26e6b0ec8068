using Coxswain.Api.Core.V1;

namespace Coxswain.ApiServer.Authorization;

/// <summary>The objects of its namespace that a Pod names, and that whoever runs it must therefore read.</summary>
internal static class PodReferences
{
    public const string Secret = "secrets";
    public const string ConfigMap = "configmaps";
    public const string Claim = "persistentvolumeclaims";
    public const string Account = "serviceaccounts";

    public static IEnumerable<(string Resource, string Name)> Of(Pod pod) =>
        All(pod).Where(reference => reference.Name.Length > 0).Distinct();

    private static IEnumerable<(string Resource, string Name)> All(Pod pod)
    {
        var spec = pod.Spec;
        return
        [
            (Account, spec.ServiceAccountName),
            .. spec.ImagePullSecrets.Select(secret => (Secret, secret.Name)),
            .. spec.Containers.Concat(spec.InitContainers).SelectMany(container => OfEnvironment(container.Env, container.EnvFrom)),
            .. spec.EphemeralContainers.SelectMany(container => OfEnvironment(container.Env, container.EnvFrom)),
            .. spec.Volumes.SelectMany(volume => OfVolume(pod.Metadata.Name, volume)),
        ];
    }

    private static IEnumerable<(string Resource, string Name)> OfEnvironment(IReadOnlyList<EnvVar> variables, IReadOnlyList<EnvFromSource> sources) =>
    [
        .. variables.Select(variable => (Secret, variable.ValueFrom?.SecretKeyRef?.Name ?? "")),
        .. variables.Select(variable => (ConfigMap, variable.ValueFrom?.ConfigMapKeyRef?.Name ?? "")),
        .. sources.Select(source => (Secret, source.SecretRef?.Name ?? "")),
        .. sources.Select(source => (ConfigMap, source.ConfigMapRef?.Name ?? "")),
    ];

    private static IEnumerable<(string Resource, string Name)> OfVolume(string pod, Volume volume) =>
    [
        (Secret, volume.Secret?.SecretName ?? ""),
        (ConfigMap, volume.ConfigMap?.Name ?? ""),
        (Claim, volume.PersistentVolumeClaim?.ClaimName ?? ""),
        (Claim, volume.Ephemeral is null ? "" : $"{pod}-{volume.Name}"),
        (Secret, volume.AzureFile?.SecretName ?? ""),
        (Secret, volume.Cephfs?.SecretRef?.Name ?? ""),
        (Secret, volume.Cinder?.SecretRef?.Name ?? ""),
        (Secret, volume.FlexVolume?.SecretRef?.Name ?? ""),
        (Secret, volume.Iscsi?.SecretRef?.Name ?? ""),
        (Secret, volume.Rbd?.SecretRef?.Name ?? ""),
        (Secret, volume.ScaleIO?.SecretRef?.Name ?? ""),
        (Secret, volume.Storageos?.SecretRef?.Name ?? ""),
        (Secret, volume.Csi?.NodePublishSecretRef?.Name ?? ""),
        .. (volume.Projected?.Sources ?? []).Select(source => (Secret, source.Secret?.Name ?? "")),
        .. (volume.Projected?.Sources ?? []).Select(source => (ConfigMap, source.ConfigMap?.Name ?? "")),
    ];
}
