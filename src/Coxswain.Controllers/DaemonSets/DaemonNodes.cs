using Coxswain.Api.Apps.V1;
using Coxswain.Api.Core.V1;
using Coxswain.Scheduler;
using V1Node = Coxswain.Api.Core.V1.Node;

namespace Coxswain.Controllers.DaemonSets;

/// <summary>On which nodes a DaemonSet runs. Pure.</summary>
internal static class DaemonNodes
{
    /// <summary>Whether a pod is to be made there.</summary>
    public static bool ShouldRun(DaemonSet set, V1Node node) => Suits(set, node, TaintEffect.NoSchedule, TaintEffect.NoExecute);

    /// <summary>Whether a pod that is there may stay: a taint that only keeps others away does not end it.</summary>
    public static bool MayStay(DaemonSet set, V1Node node) => Suits(set, node, TaintEffect.NoExecute);

    private static bool Suits(DaemonSet set, V1Node node, params ReadOnlySpan<string> effects)
    {
        var spec = DaemonPods.WithTolerations(set.Spec.Template.Spec);
        if ((spec.NodeName.Length > 0 && spec.NodeName != node.Metadata.Name) || !NodeSelection.Matches(spec, node))
        {
            return false;
        }

        foreach (var taint in node.Spec.Taints)
        {
            if (effects.Contains(taint.Effect) && !Tolerations.Tolerate(spec.Tolerations, taint))
            {
                return false;
            }
        }

        return true;
    }
}
