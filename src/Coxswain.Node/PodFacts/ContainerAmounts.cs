using Coxswain.Api.Core.V1;
using Coxswain.Node.Runtime;

namespace Coxswain.Node.PodFacts;

/// <summary>What a container asks for, in the kernel's units.</summary>
internal static class ContainerAmounts
{
    private const long QuotaPeriodMicroseconds = 100_000;
    private const long LeastQuotaMicroseconds = 1000;
    private const long LeastShares = 2;
    private const long MostShares = 262_144;

    public static ContainerResources Of(Container container)
    {
        var limits = container.Resources.Limits;
        var requests = container.Resources.Requests;
        var cpuLimit = limits.TryGetValue(ResourceName.Cpu, out var limit) && !limit.IsZero ? limit.MilliValue : (long?)null;
        var cpuRequest = requests.TryGetValue(ResourceName.Cpu, out var request) ? request.MilliValue : cpuLimit ?? 0;
        return new ContainerResources
        {
            CpuShares = Math.Clamp(cpuRequest * 1024 / 1000, LeastShares, MostShares),
            CpuQuota = cpuLimit is { } milli ? Math.Max(LeastQuotaMicroseconds, milli * QuotaPeriodMicroseconds / 1000) : null,
            CpuPeriod = cpuLimit is null ? null : QuotaPeriodMicroseconds,
            MemoryBytes = limits.TryGetValue(ResourceName.Memory, out var memory) && !memory.IsZero ? memory.LongValue : null,
        };
    }

    /// <summary>Whether a change from one to the other needs another attempt, by the container's resizePolicy.</summary>
    public static bool NeedsRestart(Container container, ContainerResources now, ContainerResources wanted) =>
        (now.MemoryBytes != wanted.MemoryBytes && RestartsFor(container, ResourceName.Memory))
        || (now with { MemoryBytes = wanted.MemoryBytes } != wanted && RestartsFor(container, ResourceName.Cpu));

    private static bool RestartsFor(Container container, string resource) =>
        container.ResizePolicy.Any(policy => policy.ResourceName == resource && policy.RestartPolicy == ResourceResizeRestartPolicy.RestartContainer);
}
