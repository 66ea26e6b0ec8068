using Coxswain.Api.Core.V1;
using Coxswain.Client.Informers;

namespace Coxswain.Controllers.Storage;

/// <summary>A volume stays while it is bound.</summary>
internal sealed class VolumeProtectionController(ControllerContext context)
    : ProtectionController<PersistentVolume>("pv-protection-controller", VolumeNames.VolumeProtection, context)
{
    protected override IReadOnlyList<IInformer> Inputs => [Objects];

    protected override bool IsInUse(PersistentVolume volume) => volume.Status.Phase == PersistentVolumePhase.Bound;
}
