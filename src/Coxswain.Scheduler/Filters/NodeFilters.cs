using Coxswain.Api.Core.V1;

namespace Coxswain.Scheduler.Filters;

/// <summary>The filters over what a pod asks of the node object itself.</summary>
internal static class NodeFilters
{
    private static readonly string[] WasUnschedulable = ["node(s) were unschedulable"];
    private static readonly string[] OtherName = ["node(s) didn't match the requested node name"];
    private static readonly string[] OtherAffinity = ["node(s) didn't match Pod's node affinity/selector"];

    /// <summary>A cordoned node takes only pods that tolerate its taint, which the node life cycle sets with some delay.</summary>
    public static NodeFilter? Unschedulable(ScheduledPod pod, ClusterSnapshot snapshot)
    {
        var taint = new Taint { Key = "node.kubernetes.io/unschedulable", Effect = TaintEffect.NoSchedule };
        return Tolerations.Tolerate(pod.Pod.Spec.Tolerations, taint) ? null : node => node.Node.Spec.Unschedulable ? WasUnschedulable : [];
    }

    public static NodeFilter? NodeName(ScheduledPod pod, ClusterSnapshot snapshot) =>
        pod.Pod.Spec.NodeName is { Length: > 0 } name ? node => node.Name == name ? [] : OtherName : null;

    public static NodeFilter? Affinity(ScheduledPod pod, ClusterSnapshot snapshot) =>
        NodeSelection.IsSelective(pod.Pod.Spec) ? node => NodeSelection.Matches(pod.Pod.Spec, node.Node) ? [] : OtherAffinity : null;
}
