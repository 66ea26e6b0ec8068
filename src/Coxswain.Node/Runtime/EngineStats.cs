using Coxswain.Engine.Containers;
using Coxswain.Engine.Hosting;
using Coxswain.Linux.Links;
using Coxswain.Linux.Namespaces;

namespace Coxswain.Node.Runtime;

/// <summary>Measures our own engine's containers and sandboxes.</summary>
internal sealed class EngineStats(ContainerEngine engine, IPodNetwork network, INamespaces namespaces)
{
    private const string Loopback = "lo";

    public ContainerStats? Container(string containerId) =>
        engine.Containers.Inspect(containerId) is { State: ContainerState.Running } && engine.Containers.ReadUsage(containerId) is { } usage
            ? Stats(usage) : null;

    public async Task<SandboxStats?> SandboxAsync(SandboxConfig config, CancellationToken cancellationToken) =>
        engine.Groups.ReadUsage(config.CgroupParent) is { } usage
            ? new SandboxStats(Stats(usage), config.HostNetwork ? [] : await InterfacesAsync(config.Id, cancellationToken))
            : null;

    /// <summary>A namespace that goes meanwhile has no interfaces left.</summary>
    private async Task<IReadOnlyList<NetworkInterfaceStats>> InterfacesAsync(string sandboxId, CancellationToken cancellationToken)
    {
        if (await network.CheckAsync(sandboxId, cancellationToken) is not { } attachment)
        {
            return [];
        }

        try
        {
            var counters = await namespaces.RunInAsync(attachment.NetworkNamespace, InterfaceCounters.Read, cancellationToken);
            return [.. counters.Where(item => item.Name != Loopback).Select(item => new NetworkInterfaceStats(
                item.Name, item.ReceivedBytes, item.ReceivedPackets, item.ReceiveErrors, item.ReceiveDrops, item.SentBytes, item.SentPackets,
                item.SendErrors, item.SendDrops))];
        }
        catch (Exception exception) when (exception is Linux.LinuxException or IOException)
        {
            return [];
        }
    }

    private static ContainerStats Stats(ContainerUsage usage) => new(
        usage.Time, usage.CpuNanoseconds, usage.MemoryBytes, usage.WorkingSetBytes, usage.RssBytes, usage.MemoryLimitBytes, usage.Pids)
    {
        CacheBytes = usage.Group.CacheBytes,
        PageFaults = usage.Group.PageFaults,
        MajorPageFaults = usage.Group.MajorPageFaults,
        CpuPeriods = usage.Group.CpuPeriods,
        ThrottledPeriods = usage.Group.ThrottledPeriods,
        ThrottledNanoseconds = usage.Group.ThrottledNanoseconds,
        OomKills = usage.Group.OomKills,
    };
}
