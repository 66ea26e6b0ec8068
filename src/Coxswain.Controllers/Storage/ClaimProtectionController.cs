using Coxswain.Api.Core.V1;
using Coxswain.Client;
using Coxswain.Client.Informers;

namespace Coxswain.Controllers.Storage;

/// <summary>A claim stays while a pod that has a node uses it.</summary>
internal sealed class ClaimProtectionController : ProtectionController<PersistentVolumeClaim>
{
    private readonly Informer<Pod> _pods;

    public ClaimProtectionController(ControllerContext context)
        : base("pvc-protection-controller", VolumeNames.ClaimProtection, context)
    {
        _pods = context.Informers.Of<Pod>().WithClaims();
    }

    protected override IReadOnlyList<IInformer> Inputs => [Objects, _pods];

    protected override bool IsInUse(PersistentVolumeClaim claim) =>
        _pods.ListUsing(claim.Metadata.Namespace, claim.Metadata.Name).Any(pod => pod.Spec.NodeName.Length > 0);

    protected override void Subscribe()
    {
        base.Subscribe();
        _pods.OnChange((old, current) =>
        {
            // Only the last user's going matters.
            if (old is not null && (current is null || current.Metadata.Uid != old.Metadata.Uid))
            {
                foreach (var name in PodClaims.NamesOf(old))
                {
                    Queue.Add(new NamespacedName(old.Metadata.Namespace, name));
                }
            }
        });
    }
}
