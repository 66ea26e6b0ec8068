using Coxswain.Api.Core.V1;
using Coxswain.Api.Errors;
using Coxswain.Api.Meta.V1;
using Coxswain.Client;
using Coxswain.Client.Events;
using Coxswain.Client.Informers;
using Coxswain.Client.Reconcilers;

namespace Coxswain.Controllers.Storage;

/// <summary>Makes the claims that pods bring with them (https://kubernetes.io/docs/concepts/storage/ephemeral-volumes/). They go with the pod.</summary>
internal sealed class EphemeralVolumeController : KeyedController
{
    private const string OwnName = "ephemeral-volume-controller";

    private readonly IKubeClient _client;
    private readonly Informer<Pod> _pods;
    private readonly Informer<PersistentVolumeClaim> _claims;
    private readonly EventRecorder _events;

    public EphemeralVolumeController(ControllerContext context)
        : base(OwnName, context)
    {
        _client = context.ClientFor(OwnName);
        _pods = context.Informers.Of<Pod>().WithClaims();
        _claims = context.Informers.Of<PersistentVolumeClaim>();
        _events = context.Events.RecorderFor("ephemeral_volume");
    }

    protected override IReadOnlyList<IInformer> Inputs => [_pods, _claims];

    public override async Task<Requeue> ReconcileAsync(NamespacedName key, CancellationToken cancellationToken)
    {
        if (_pods.Get(key) is not { Metadata.DeletionTimestamp: null } pod || pod.IsFinished())
        {
            return Requeue.Never;
        }

        foreach (var volume in pod.Spec.Volumes)
        {
            if (volume.Ephemeral?.VolumeClaimTemplate is { } template)
            {
                await EnsureAsync(pod, PodClaims.NameOfEphemeral(pod, volume), template, cancellationToken);
            }
        }

        return Requeue.Never;
    }

    protected override void Subscribe()
    {
        _pods.OnChange((_, current) =>
        {
            if (current is not null && current.Spec.Volumes.Any(volume => volume.Ephemeral is not null))
            {
                Queue.Add(NamespacedName.Of(current));
            }
        });
        _claims.OnChange((old, current) =>
        {
            if (current is null && OwnerKeys.Of<Pod>(old) is { } owner)
            {
                Queue.Add(owner);
            }
        });
    }

    private async Task EnsureAsync(Pod pod, string name, PersistentVolumeClaimTemplate template, CancellationToken cancellationToken)
    {
        if (_claims.Get(pod.Metadata.Namespace, name) is { } known)
        {
            if (!OwnerReferences.IsControlledBy(known, pod.Metadata.Uid))
            {
                _events.Warning(pod, "FailedBinding", $"ephemeral volume: PVC {pod.Metadata.Namespace}/{name} was not created for pod {NamespacedName.Of(pod)} (pod is not owner)");
            }

            return;
        }

        try
        {
            await _client.CreateAsync(
                new PersistentVolumeClaim
                {
                    Metadata = ObjectMeta.Empty with
                    {
                        Name = name, Namespace = pod.Metadata.Namespace, Labels = template.Metadata.Labels, Annotations = template.Metadata.Annotations,
                        OwnerReferences = [OwnerReferences.ToController(pod)],
                    },
                    Spec = template.Spec,
                },
                cancellationToken);
        }
        catch (KubeStatusException exception) when (exception.IsAlreadyExists)
        {
            // The cache does not show it yet.
        }
        catch (KubeStatusException exception) when (!exception.IsNamespaceTerminating)
        {
            _events.Warning(pod, "FailedBinding", $"ephemeral volume: create PVC {name}: {exception.Message}");
            throw;
        }
    }
}
