using Coxswain.Api;
using Coxswain.Api.Core.V1;
using Coxswain.Api.Meta.V1;

namespace Coxswain.Controllers.Pods;

/// <summary>Makes a controller's pod.</summary>
internal static class PodFromTemplate
{
    public static Pod Make(PodTemplateSpec template, IKubeObject owner) => new()
    {
        Metadata = ObjectMeta.Empty with
        {
            GenerateName = $"{owner.Metadata.Name}-",
            Namespace = owner.Metadata.Namespace,
            Labels = template.Metadata.Labels,
            Annotations = template.Metadata.Annotations,
            Finalizers = template.Metadata.Finalizers,
            OwnerReferences = [OwnerReferences.ToController(owner)],
        },
        Spec = template.Spec,
    };
}
