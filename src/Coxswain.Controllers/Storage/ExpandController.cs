using Coxswain.Api.Core.V1;
using Coxswain.Api.Scalars;
using Coxswain.Api.Storage.V1;
using Coxswain.Client;
using Coxswain.Client.Events;
using Coxswain.Client.Informers;
using Coxswain.Client.Reconcilers;

namespace Coxswain.Controllers.Storage;

/// <summary>
/// Gives a bound claim the size it asks for, where its class allows that and its volume is ours: a folder has the size of
/// its disk.
/// </summary>
internal sealed class ExpandController : KeyedController
{
    private const string Storage = "storage";

    private readonly IKubeClient _client;
    private readonly Informer<PersistentVolumeClaim> _claims;
    private readonly Informer<PersistentVolume> _volumes;
    private readonly Informer<StorageClass> _classes;
    private readonly EventRecorder _events;

    public ExpandController(ControllerContext context)
        : base("expand-controller", context)
    {
        _client = context.ClientFor("expand-controller");
        _claims = context.Informers.Of<PersistentVolumeClaim>();
        _volumes = context.Informers.Of<PersistentVolume>();
        _classes = context.Informers.Of<StorageClass>();
        _events = context.Events.RecorderFor("volume_expand");
    }

    protected override IReadOnlyList<IInformer> Inputs => [_claims, _volumes, _classes];

    public override async Task<Requeue> ReconcileAsync(NamespacedName key, CancellationToken cancellationToken)
    {
        if (_claims.Get(key) is not { Status.Phase: PersistentVolumeClaimPhase.Bound, Metadata.DeletionTimestamp: null } claim
            || ClaimMatch.RequestOf(claim) is var wanted && wanted <= claim.Status.Capacity.GetValueOrDefault(Storage)
            || _volumes.Get("", claim.Spec.VolumeName) is not { } volume
            || !VolumeProvisioner.IsOurs(volume)
            || _classes.Get("", ClaimMatch.ClassOf(claim) ?? "") is not { AllowVolumeExpansion: true })
        {
            return Requeue.Never;
        }

        if (ClaimMatch.CapacityOf(volume) < wanted)
        {
            await _client.UpdateAsync(volume with { Spec = volume.Spec with { Capacity = With(volume.Spec.Capacity, wanted) } }, cancellationToken);
        }

        await _client.UpdateStatusAsync(claim with { Status = claim.Status with { Capacity = With(claim.Status.Capacity, wanted) } }, cancellationToken);
        _events.Normal(claim, "VolumeResizeSuccessful", "Resize volume succeeded");
        return Requeue.Never;
    }

    protected override void Subscribe() => _claims.OnChange((_, current) =>
    {
        if (current is not null)
        {
            Queue.Add(NamespacedName.Of(current));
        }
    });

    private static Dictionary<string, Quantity> With(IReadOnlyDictionary<string, Quantity> amounts, Quantity size) =>
        new(amounts, StringComparer.Ordinal) { [Storage] = size };
}
