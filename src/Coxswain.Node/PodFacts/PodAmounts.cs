using Coxswain.Api.Core.V1;
using Coxswain.Api.Pods;
using Coxswain.Node.Runtime;

namespace Coxswain.Node.PodFacts;

/// <summary>What a pod as a whole asks for, in the kernel's units: its weight against other pods, and limits where all of it is limited.</summary>
internal static class PodAmounts
{
    public static ContainerResources Of(PodSpec spec)
    {
        var whole = new Container
        {
            Resources = new ResourceRequirements
            {
                Requests = PodRequests.Of(spec),
                Limits = PodRequests.LimitsOf(spec).Where(limit => IsLimited(spec, limit.Key)).ToDictionary(),
            },
        };
        return ContainerAmounts.Of(whole);
    }

    /// <summary>The more of each, for the time in which containers change from the one to the other.</summary>
    public static ContainerResources Most(ContainerResources left, ContainerResources right) => new()
    {
        CpuShares = Most(left.CpuShares, right.CpuShares),
        CpuQuota = Most(left.CpuQuota, right.CpuQuota),
        CpuPeriod = left.CpuPeriod ?? right.CpuPeriod,
        MemoryBytes = Most(left.MemoryBytes, right.MemoryBytes),
    };

    /// <summary>By the pod itself, or by every container: one without a limit may use all there is.</summary>
    private static bool IsLimited(PodSpec spec, string resource) =>
        spec.Resources?.Limits.ContainsKey(resource) == true
        || spec.Containers.Concat(spec.InitContainers)
            .All(container => container.Resources.Limits.TryGetValue(resource, out var limit) && !limit.IsZero);

    private static long? Most(long? left, long? right) => left is { } one && right is { } other ? Math.Max(one, other) : null;
}
