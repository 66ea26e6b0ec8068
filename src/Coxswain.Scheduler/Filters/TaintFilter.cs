using Coxswain.Api.Core.V1;

namespace Coxswain.Scheduler.Filters;

/// <summary>NoSchedule and NoExecute taints the pod does not tolerate.</summary>
internal static class TaintFilter
{
    public static NodeFilter? Prepare(ScheduledPod pod, ClusterSnapshot snapshot) => node =>
    {
        foreach (var taint in node.Node.Spec.Taints)
        {
            if (taint.Effect is TaintEffect.NoSchedule or TaintEffect.NoExecute && !Tolerations.Tolerate(pod.Pod.Spec.Tolerations, taint))
            {
                return [$"node(s) had untolerated taint {{{taint.Key}: {taint.Value}}}"];
            }
        }

        return [];
    };
}
