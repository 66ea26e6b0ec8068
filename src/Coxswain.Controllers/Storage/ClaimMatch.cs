using Coxswain.Api.Core.V1;
using Coxswain.Api.Scalars;
using Coxswain.Api.Storage.V1;
using LabelSelector = Coxswain.Api.Selectors.LabelSelector;

namespace Coxswain.Controllers.Storage;

/// <summary>Which volume suits a claim (https://kubernetes.io/docs/concepts/storage/persistent-volumes/#binding). Pure.</summary>
internal static class ClaimMatch
{
    private const string Storage = "storage";
    private const string Filesystem = PersistentVolumeMode.Filesystem;

    /// <summary>The smallest volume that satisfies the claim; one that was set aside for it comes first. Null when none does.</summary>
    public static PersistentVolume? Best(PersistentVolumeClaim claim, IEnumerable<PersistentVolume> volumes) => volumes
        .Where(volume => IsFor(claim, volume) || (volume.Spec.ClaimRef is null && volume.Status.Phase == PersistentVolumePhase.Available))
        .Where(volume => volume.Metadata.DeletionTimestamp is null && Satisfies(claim, volume))
        .OrderByDescending(volume => IsFor(claim, volume)).ThenBy(CapacityOf).ThenBy(volume => volume.Metadata.Name, StringComparer.Ordinal)
        .FirstOrDefault();

    /// <summary>The volume names the claim, by its uid or, set aside by its maker, by its name alone.</summary>
    public static bool IsFor(PersistentVolumeClaim claim, PersistentVolume volume) =>
        volume.Spec.ClaimRef is { } reference && reference.Name == claim.Metadata.Name && reference.Namespace == claim.Metadata.Namespace
        && (reference.Uid.Length == 0 || reference.Uid == claim.Metadata.Uid);

    public static bool Satisfies(PersistentVolumeClaim claim, PersistentVolume volume) =>
        ClassOf(volume) == (ClassOf(claim) ?? "")
        && (volume.Spec.VolumeMode ?? Filesystem) == (claim.Spec.VolumeMode ?? Filesystem)
        && CapacityOf(volume) >= RequestOf(claim)
        && claim.Spec.AccessModes.All(volume.Spec.AccessModes.Contains)
        && (claim.Spec.Selector is null || LabelSelector.From(claim.Spec.Selector).Matches(volume.Metadata.Labels));

    /// <summary>Null when the claim leaves its class to the cluster; empty when it wants none.</summary>
    public static string? ClassOf(PersistentVolumeClaim claim) =>
        claim.Metadata.Annotations.GetValueOrDefault(VolumeNames.OldClass) ?? claim.Spec.StorageClassName;

    public static string ClassOf(PersistentVolume volume) =>
        volume.Metadata.Annotations.GetValueOrDefault(VolumeNames.OldClass) ?? volume.Spec.StorageClassName;

    public static Quantity RequestOf(PersistentVolumeClaim claim) => claim.Spec.Resources.Requests.GetValueOrDefault(Storage);

    public static Quantity CapacityOf(PersistentVolume volume) => volume.Spec.Capacity.GetValueOrDefault(Storage);

    public static bool WaitsForConsumer(StorageClass? storage) => storage?.VolumeBindingMode == VolumeBindingMode.WaitForFirstConsumer;

    /// <summary>Of several defaults the newest.</summary>
    public static StorageClass? Default(IEnumerable<StorageClass> classes) => classes
        .Where(storage => storage.Metadata.Annotations.GetValueOrDefault(VolumeNames.IsDefaultClass) == "true")
        .OrderByDescending(storage => storage.Metadata.CreationTimestamp).ThenBy(storage => storage.Metadata.Name, StringComparer.Ordinal)
        .FirstOrDefault();
}
