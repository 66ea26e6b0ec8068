using Coxswain.Api.Core.V1;
using Coxswain.Api.Pods;

namespace Coxswain.Node.PodFacts;

/// <summary>How willingly the kernel's OOM killer takes a pod's containers.</summary>
internal static class OomScores
{
    /// <summary>
    /// By the pod's quality of service, and in between the less of the node's memory a container asked for, the sooner. See
    /// https://kubernetes.io/docs/concepts/scheduling-eviction/node-pressure-eviction/#node-out-of-memory-behavior.
    /// </summary>
    public static int Of(Pod pod, Container container, long nodeMemoryBytes)
    {
        switch (QualityOf(pod))
        {
            case PodQOSClass.Guaranteed:
                return -997;
            case PodQOSClass.BestEffort:
                return 1000;
            default:
                var request = container.Resources.Requests.TryGetValue(ResourceName.Memory, out var memory) ? memory.LongValue : 0;
                return (int)Math.Clamp(1000 - (1000 * request / Math.Max(1, nodeMemoryBytes)), 3, 999);
        }
    }

    /// <summary>The pod's class: what the API server wrote at its creation stands for its life.</summary>
    public static string QualityOf(Pod pod) => pod.Status.QosClass.Length > 0 ? pod.Status.QosClass : PodQuality.Of(pod.Spec);
}
