using Coxswain.Api.Core.V1;
using Coxswain.Api.Storage.V1;
using Coxswain.Client;
using Coxswain.Client.Events;
using Coxswain.Client.Informers;
using Coxswain.Client.Reconcilers;
using V1Node = Coxswain.Api.Core.V1.Node;

namespace Coxswain.Controllers.Storage;

/// <summary>Finds each claim its volume, or has one made (https://kubernetes.io/docs/concepts/storage/persistent-volumes/).</summary>
internal sealed class ClaimController : KeyedController
{
    internal const string Account = "persistent-volume-binder";

    private readonly IKubeClient _client;
    private readonly Informer<PersistentVolumeClaim> _claims;
    private readonly Informer<PersistentVolume> _volumes;
    private readonly Informer<StorageClass> _classes;
    private readonly Informer<V1Node> _nodes;
    private readonly VolumeBinding _binding;
    private readonly VolumeProvisioner _provisioner;
    private readonly EventRecorder _events;

    public ClaimController(ControllerContext context, IVolumeFolders? folders)
        : base("persistentvolumeclaim-controller", context)
    {
        _client = context.ClientFor(Account);
        _claims = context.Informers.Of<PersistentVolumeClaim>();
        _volumes = context.Informers.Of<PersistentVolume>();
        _classes = context.Informers.Of<StorageClass>();
        _nodes = context.Informers.Of<V1Node>();
        _events = context.Events.RecorderFor("persistentvolume-controller");
        _binding = new VolumeBinding(_client);
        _provisioner = new VolumeProvisioner(_client, _events, folders);
    }

    protected override IReadOnlyList<IInformer> Inputs => [_claims, _volumes, _classes, _nodes];

    public override async Task<Requeue> ReconcileAsync(NamespacedName key, CancellationToken cancellationToken)
    {
        if (_claims.Get(key) is not { } claim)
        {
            return Requeue.Never;
        }

        if (claim.Metadata.Annotations.ContainsKey(VolumeNames.BindCompleted))
        {
            await KeepAsync(claim, cancellationToken);
        }
        else if (claim.Metadata.DeletionTimestamp is null)
        {
            await (claim.Spec.VolumeName.Length > 0 ? BindNamedAsync(claim, cancellationToken) : FindAsync(claim, cancellationToken));
        }

        return Requeue.Never;
    }

    protected override void Subscribe()
    {
        _claims.OnChange((old, current) => Queue.Add(NamespacedName.Of(current ?? old!)));
        _volumes.OnChange((old, current) =>
        {
            if ((current ?? old)!.Spec.ClaimRef is { } reference)
            {
                Queue.Add(new NamespacedName(reference.Namespace, reference.Name));
            }

            foreach (var claim in _claims.List())
            {
                // Any that waits may be waiting for this one.
                if (claim.Status.Phase != PersistentVolumeClaimPhase.Bound || claim.Spec.VolumeName == (current ?? old)!.Metadata.Name)
                {
                    Queue.Add(NamespacedName.Of(claim));
                }
            }
        });
        _classes.OnChange((_, _) =>
        {
            foreach (var claim in _claims.List().Where(claim => claim.Status.Phase != PersistentVolumeClaimPhase.Bound))
            {
                Queue.Add(NamespacedName.Of(claim));
            }
        });
    }

    private async Task FindAsync(PersistentVolumeClaim claim, CancellationToken cancellationToken)
    {
        if (ClaimMatch.ClassOf(claim) is not { } className)
        {
            if (ClaimMatch.Default(_classes.List()) is { } chosen)
            {
                await _client.UpdateAsync(claim with { Spec = claim.Spec with { StorageClassName = chosen.Metadata.Name } }, cancellationToken);
                return;
            }

            className = "";
        }

        var storage = className.Length > 0 ? _classes.Get("", className) : null;
        var node = claim.Metadata.Annotations.GetValueOrDefault(VolumeNames.SelectedNode) ?? "";
        var mustWait = ClaimMatch.WaitsForConsumer(storage) && node.Length == 0;

        // For a claim that waits, only what was set aside for it: the rest is the scheduler's to choose from.
        var match = ClaimMatch.Best(claim, _volumes.List().Where(volume => !mustWait || ClaimMatch.IsFor(claim, volume)));
        if (match is not null)
        {
            await _binding.BindAsync(match, claim, cancellationToken);
            return;
        }

        await _binding.SetPhaseAsync(claim, PersistentVolumeClaimPhase.Pending, cancellationToken);
        if (mustWait)
        {
            _events.Normal(claim, "WaitForFirstConsumer", "waiting for first consumer to be created before binding");
        }
        else if (className.Length == 0)
        {
            _events.Normal(claim, "FailedBinding", "no persistent volumes available for this claim and no storage class is set");
        }
        else if (storage is null)
        {
            _events.Warning(claim, "ProvisioningFailed", $"storageclass.storage.k8s.io \"{className}\" not found");
        }
        else if (VolumeProvisioner.IsOurs(storage))
        {
            await _provisioner.ProvisionAsync(claim, storage, HostNameOf(node), cancellationToken);
        }
        else
        {
            await WaitForOthersAsync(claim, storage, cancellationToken);
        }
    }

    /// <summary>The node's name as its label has it; of a claim that nobody waits for, any node that is there.</summary>
    private string HostNameOf(string nodeName)
    {
        var node = nodeName.Length > 0 ? _nodes.Get("", nodeName) : _nodes.List().MinBy(known => known.Metadata.Name, StringComparer.Ordinal);
        return node?.Metadata.Labels.GetValueOrDefault(VolumeNames.HostName) ?? node?.Metadata.Name ?? nodeName;
    }

    private async Task WaitForOthersAsync(PersistentVolumeClaim claim, StorageClass storage, CancellationToken cancellationToken)
    {
        if (storage.Provisioner == "kubernetes.io/no-provisioner")
        {
            _events.Normal(claim, "FailedBinding", "no persistent volumes available for this claim and no storage class is set");
            return;
        }

        if (claim.Metadata.Annotations.GetValueOrDefault(VolumeNames.Provisioner) != storage.Provisioner)
        {
            var annotations = new Dictionary<string, string>(claim.Metadata.Annotations, StringComparer.Ordinal) { [VolumeNames.Provisioner] = storage.Provisioner };
            await _client.UpdateAsync(claim with { Metadata = claim.Metadata with { Annotations = annotations } }, cancellationToken);
        }

        _events.Normal(claim, "ExternalProvisioning",
            $"Waiting for a volume to be created either by the external provisioner '{storage.Provisioner}' or manually by the system administrator. "
            + "If volume creation is delayed, please verify that the provisioner is running and correctly registered.");
    }

    /// <summary>A claim whose user has chosen its volume.</summary>
    private async Task BindNamedAsync(PersistentVolumeClaim claim, CancellationToken cancellationToken)
    {
        if (_volumes.Get("", claim.Spec.VolumeName) is not { } volume)
        {
            await _binding.SetPhaseAsync(claim, PersistentVolumeClaimPhase.Pending, cancellationToken);
        }
        else if (volume.Spec.ClaimRef is not null && !ClaimMatch.IsFor(claim, volume))
        {
            await _binding.SetPhaseAsync(claim, PersistentVolumeClaimPhase.Pending, cancellationToken);
            _events.Warning(claim, "FailedBinding", $"volume \"{volume.Metadata.Name}\" already bound to a different claim.");
        }
        else if (!ClaimMatch.Satisfies(claim, volume))
        {
            await _binding.SetPhaseAsync(claim, PersistentVolumeClaimPhase.Pending, cancellationToken);
            _events.Warning(claim, "VolumeMismatch", $"Cannot bind to requested volume \"{volume.Metadata.Name}\": its class, size or modes do not match");
        }
        else
        {
            await _binding.BindAsync(volume, claim, cancellationToken);
        }
    }

    /// <summary>A claim that was bound stays so, or has lost its volume.</summary>
    private async Task KeepAsync(PersistentVolumeClaim claim, CancellationToken cancellationToken)
    {
        var volume = _volumes.Get("", claim.Spec.VolumeName);
        if (volume is not null && (volume.Spec.ClaimRef is null || ClaimMatch.IsFor(claim, volume)))
        {
            await _binding.BindAsync(volume, claim, cancellationToken);
            return;
        }

        if (claim.Metadata.DeletionTimestamp is not null || claim.Status.Phase == PersistentVolumeClaimPhase.Lost
            || (volume is null && await _client.FindAsync<PersistentVolume>(null, claim.Spec.VolumeName, cancellationToken) is not null))
        {
            return;
        }

        await _binding.SetPhaseAsync(claim, PersistentVolumeClaimPhase.Lost, cancellationToken);
        _events.Warning(claim, volume is null ? "ClaimLost" : "ClaimMisbound", volume is null
            ? "Bound claim has lost its PersistentVolume. Data on the volume is lost!"
            : "Two claims are bound to the same volume, this one is bound incorrectly");
    }
}
