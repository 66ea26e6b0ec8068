using Coxswain.Api.Core.V1;
using Coxswain.Api.Errors;
using Coxswain.Api.Meta.V1;
using Coxswain.Client;
using Coxswain.Client.Events;
using Coxswain.Client.Informers;
using Coxswain.Client.Reconcilers;

namespace Coxswain.Controllers.Storage;

/// <summary>Keeps the phase of volumes, and decides what becomes of one whose claim is gone.</summary>
internal sealed class VolumeController : KeyedController
{
    private readonly IKubeClient _client;
    private readonly Informer<PersistentVolumeClaim> _claims;
    private readonly Informer<PersistentVolume> _volumes;
    private readonly VolumeBinding _binding;
    private readonly VolumeProvisioner _provisioner;
    private readonly EventRecorder _events;

    public VolumeController(ControllerContext context, IVolumeFolders? folders)
        : base("persistentvolume-controller", context)
    {
        _client = context.ClientFor(ClaimController.Account);
        _claims = context.Informers.Of<PersistentVolumeClaim>();
        _volumes = context.Informers.Of<PersistentVolume>();
        _events = context.Events.RecorderFor("persistentvolume-controller");
        _binding = new VolumeBinding(_client);
        _provisioner = new VolumeProvisioner(_client, _events, folders);
    }

    protected override IReadOnlyList<IInformer> Inputs => [_claims, _volumes];

    public override async Task<Requeue> ReconcileAsync(NamespacedName key, CancellationToken cancellationToken)
    {
        if (_volumes.Get(key) is not { } volume)
        {
            return Requeue.Never;
        }

        if (volume.Spec.ClaimRef is not { Uid.Length: > 0 } reference)
        {
            if (!await TryFinishAsync(volume, cancellationToken))
            {
                await _binding.SetPhaseAsync(volume, PersistentVolumePhase.Available, "", "", cancellationToken);
            }

            return Requeue.Never;
        }

        var claim = _claims.Get(reference.Namespace, reference.Name);
        if (claim?.Metadata.Uid != reference.Uid)
        {
            // Asked for anew: the cache may be behind, and data are at stake.
            claim = await _client.FindAsync<PersistentVolumeClaim>(reference.Namespace, reference.Name, cancellationToken);
        }

        if (claim?.Metadata.Uid != reference.Uid)
        {
            if (!await TryFinishAsync(volume, cancellationToken))
            {
                await ReleaseAsync(volume, cancellationToken);
            }
        }
        else if (claim.Spec.VolumeName == volume.Metadata.Name)
        {
            await _binding.SetPhaseAsync(volume, PersistentVolumePhase.Bound, "", "", cancellationToken);
        }
        else if (claim.Spec.VolumeName.Length > 0)
        {
            await LetGoAsync(volume, cancellationToken);
        }

        return Requeue.Never;
    }

    protected override void Subscribe()
    {
        _volumes.OnChange((old, current) => Queue.Add(NamespacedName.Of(current ?? old!)));
        _claims.OnChange((old, current) =>
        {
            foreach (var name in new[] { old?.Spec.VolumeName, current?.Spec.VolumeName }.OfType<string>().Where(name => name.Length > 0).Distinct())
            {
                Queue.Add(new NamespacedName("", name));
            }

            if (current is null)
            {
                // Set aside for it, but not bound yet.
                foreach (var volume in _volumes.List().Where(volume => volume.Spec.ClaimRef?.Uid == old!.Metadata.Uid))
                {
                    Queue.Add(NamespacedName.Of(volume));
                }
            }
        });
    }

    /// <summary>A volume of ours that is being deleted and that no claim has takes what it held with it, unless that is to be kept.</summary>
    private async Task<bool> TryFinishAsync(PersistentVolume volume, CancellationToken cancellationToken)
    {
        if (volume.Metadata.DeletionTimestamp is null || !volume.Metadata.Finalizers.Contains(VolumeNames.ProvisionerFinalizer))
        {
            return false;
        }

        if (volume.Spec.PersistentVolumeReclaimPolicy == PersistentVolumeReclaimPolicy.Delete)
        {
            _provisioner.Remove(volume);
        }

        var finalizers = volume.Metadata.Finalizers.Where(finalizer => finalizer != VolumeNames.ProvisionerFinalizer);
        volume = await _client.UpdateAsync(volume with { Metadata = volume.Metadata with { Finalizers = [.. finalizers] } }, cancellationToken);

        // Whoever protects bound volumes lets go of it only then.
        if (volume.Metadata.Finalizers.Count > 0 && volume.Status.Phase == PersistentVolumePhase.Bound)
        {
            await _binding.SetPhaseAsync(volume, PersistentVolumePhase.Released, "", "", cancellationToken);
        }

        return true;
    }

    /// <summary>The claim has found another volume meanwhile.</summary>
    private async Task LetGoAsync(PersistentVolume volume, CancellationToken cancellationToken)
    {
        if (VolumeProvisioner.IsOurs(volume) && volume.Spec.PersistentVolumeReclaimPolicy == PersistentVolumeReclaimPolicy.Delete)
        {
            await ReleaseAsync(volume, cancellationToken);
        }
        else if (volume.Metadata.Annotations.ContainsKey(VolumeNames.BoundByController))
        {
            var annotations = volume.Metadata.Annotations.Where(item => item.Key != VolumeNames.BoundByController).ToDictionary();
            await _client.UpdateAsync(
                volume with { Metadata = volume.Metadata with { Annotations = annotations }, Spec = volume.Spec with { ClaimRef = null } }, cancellationToken);
        }
    }

    private async Task ReleaseAsync(PersistentVolume volume, CancellationToken cancellationToken)
    {
        if (volume.Status.Phase is not (PersistentVolumePhase.Released or PersistentVolumePhase.Failed))
        {
            volume = await _binding.SetPhaseAsync(volume, PersistentVolumePhase.Released, "", "", cancellationToken);
        }

        switch (volume.Spec.PersistentVolumeReclaimPolicy)
        {
            case PersistentVolumeReclaimPolicy.Delete when VolumeProvisioner.IsOurs(volume):
                _provisioner.Remove(volume);
                await DeleteAsync(volume, cancellationToken);
                break;
            case PersistentVolumeReclaimPolicy.Delete when volume.Status.Phase != PersistentVolumePhase.Failed:
                await RefuseAsync(volume, "VolumeFailedDelete", "no deleter is known for this kind of volume", cancellationToken);
                break;
            case PersistentVolumeReclaimPolicy.Recycle when volume.Status.Phase != PersistentVolumePhase.Failed:
                await RefuseAsync(volume, "VolumeFailedRecycle", "the reclaim policy Recycle is not supported", cancellationToken);
                break;
        }
    }

    private async Task RefuseAsync(PersistentVolume volume, string reason, string message, CancellationToken cancellationToken)
    {
        await _binding.SetPhaseAsync(volume, PersistentVolumePhase.Failed, reason, message, cancellationToken);
        _events.Warning(volume, reason, message);
    }

    private async Task DeleteAsync(PersistentVolume volume, CancellationToken cancellationToken)
    {
        try
        {
            var options = DeleteOptions.Empty with { Preconditions = new Api.Meta.V1.Preconditions { Uid = volume.Metadata.Uid } };
            await _client.DeleteAsync<PersistentVolume>(null, volume.Metadata.Name, options, cancellationToken);
        }
        catch (KubeStatusException exception) when (exception.IsNotFound || exception.IsConflict)
        {
            // It has gone already.
        }
    }
}
