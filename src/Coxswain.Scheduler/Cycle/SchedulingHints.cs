using Coxswain.Api.Core.V1;

namespace Coxswain.Scheduler.Cycle;

/// <summary>Whether what has happened may let a pod that waits go on. Says yes too often rather than too seldom. Pure.</summary>
public static class SchedulingHints
{
    /// <summary>
    /// Whether something changed about the node, or about its pods, that may help the pod: the node takes it, if need be in place of
    /// pods that matter less.
    /// </summary>
    public static bool MayHelp(Pod pod, ClusterSnapshot snapshot, string nodeName)
    {
        if (!snapshot.Nodes.TryGetValue(nodeName, out var node))
        {
            return false;
        }

        // What it asks of other pods it asks across nodes: any change may be the one that it waits for.
        if (AsksOfOtherPods(pod))
        {
            return true;
        }

        if (pod.Spec.PreemptionPolicy != PreemptionPolicy.Never)
        {
            foreach (var other in node.Pods.Values.Where(other => Preemptor.PriorityOf(other.Pod) < Preemptor.PriorityOf(pod)))
            {
                snapshot = snapshot.RemovePod(other.Pod.Metadata.Uid, nodeName);
            }
        }

        return Feasibility.For(ScheduledPod.Of(pod), snapshot, VolumeNeeds.None).Refusal(snapshot.Nodes[nodeName]).Count == 0;
    }

    /// <summary>Whether what other pods are placed, and how they are labelled, decides where the pod may go.</summary>
    public static bool AsksOfOtherPods(Pod pod) =>
        pod.Spec.Affinity?.PodAffinity is not null || pod.Spec.Affinity?.PodAntiAffinity is not null || pod.Spec.TopologySpreadConstraints.Count > 0;
}
