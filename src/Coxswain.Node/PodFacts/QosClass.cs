using Coxswain.Api;
using Coxswain.Api.Core.V1;

namespace Coxswain.Node.PodFacts;

/// <summary>A pod's quality-of-service class, and what the kernel makes of it.</summary>
internal static class QosClass
{
    private static readonly string[] Resources = ["cpu", "memory"];

    public static string Of(Pod pod)
    {
        if (pod.Status.QosClass.Length > 0)
        {
            return pod.Status.QosClass;
        }

        var containers = pod.Spec.InitContainers.Concat(pod.Spec.Containers).ToList();
        var any = containers.Any(container => Resources.Any(resource =>
            IsSet(container.Resources.Requests, resource) || IsSet(container.Resources.Limits, resource)));
        if (!any)
        {
            return PodQOSClass.BestEffort;
        }

        var guaranteed = containers.All(container => Resources.All(resource =>
            IsSet(container.Resources.Limits, resource)
            && (!container.Resources.Requests.TryGetValue(resource, out var request) || request == container.Resources.Limits[resource])));
        return guaranteed ? PodQOSClass.Guaranteed : PodQOSClass.Burstable;
    }

    /// <summary>
    /// How willingly the kernel's OOM killer takes the container: the less of the node's memory it requested, the sooner.
    /// See https://kubernetes.io/docs/concepts/scheduling-eviction/node-pressure-eviction/#node-out-of-memory-behavior.
    /// </summary>
    public static int OomScoreAdj(Pod pod, Container container, long nodeMemoryBytes)
    {
        switch (Of(pod))
        {
            case PodQOSClass.Guaranteed:
                return -997;
            case PodQOSClass.BestEffort:
                return 1000;
            default:
                var request = container.Resources.Requests.TryGetValue("memory", out var memory) ? memory.LongValue : 0;
                return (int)Math.Clamp(1000 - (1000 * request / Math.Max(1, nodeMemoryBytes)), 3, 999);
        }
    }

    private static bool IsSet(IReadOnlyDictionary<string, Quantity> amounts, string resource) =>
        amounts.TryGetValue(resource, out var amount) && !amount.IsZero;
}
