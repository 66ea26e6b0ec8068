namespace Coxswain.Controllers.Storage;

/// <summary>The annotations by which binder, scheduler and provisioner work together.</summary>
internal static class VolumeNames
{
    /// <summary>The claim has been bound: from then on a missing volume is a loss and not a wait.</summary>
    public const string BindCompleted = "pv.kubernetes.io/bind-completed";

    /// <summary>The binder chose the partner, so it may undo the choice.</summary>
    public const string BoundByController = "pv.kubernetes.io/bound-by-controller";

    public const string ProvisionedBy = "pv.kubernetes.io/provisioned-by";

    /// <summary>The node that the scheduler chose for the first pod of a claim.</summary>
    public const string SelectedNode = "volume.kubernetes.io/selected-node";

    public const string Provisioner = "volume.kubernetes.io/storage-provisioner";

    public const string IsDefaultClass = "storageclass.kubernetes.io/is-default-class";

    /// <summary>How a claim or volume named its class before it had a field for it.</summary>
    public const string OldClass = "volume.beta.kubernetes.io/storage-class";

    public const string ClaimProtection = "kubernetes.io/pvc-protection";

    public const string VolumeProtection = "kubernetes.io/pv-protection";

    /// <summary>Holds a volume that the provisioner made until what it held is removed, whoever deletes it.</summary>
    public const string ProvisionerFinalizer = "external-provisioner.volume.kubernetes.io/finalizer";

    public const string HostName = "kubernetes.io/hostname";

    /// <summary>Our own provisioner: folders on the disk of this machine.</summary>
    public const string HostPathProvisioner = "coxswain.dev/host-path";
}
