using System.Globalization;
using Coxswain.Engine.Containers.Records;
using Coxswain.Linux.Processes;

namespace Coxswain.Engine.Containers.Tasks;

/// <summary>Gives a running task other limits. runc knows in which order the kernel takes them.</summary>
internal sealed class TaskUpdater(EngineOptions options, ContainerPaths paths, IProcessRunner processes)
{
    private const long NoLimit = -1;
    private const long DefaultShares = 1024;
    private const long DefaultPeriod = 100_000;

    public async Task UpdateAsync(ContainerRecord container, ContainerLimits limits, CancellationToken cancellationToken)
    {
        List<string> arguments = ["--root", paths.RuncRoot, "update", "--cpu-share", Text(limits.CpuShares ?? DefaultShares)];
        var before = container.Spec.Limits;
        if (limits.CpuQuota is not null || before.CpuQuota is not null)
        {
            arguments.AddRange(["--cpu-period", Text(limits.CpuPeriod ?? DefaultPeriod), "--cpu-quota", Text(limits.CpuQuota ?? NoLimit)]);
        }

        if (limits.MemoryBytes is not null || before.MemoryBytes is not null)
        {
            var memory = limits.MemoryBytes ?? NoLimit;
            arguments.AddRange(["--memory", Text(memory), "--memory-swap", Text(limits.MemorySwapBytes ?? memory)]);
        }

        if (limits.Pids is not null || before.Pids is not null)
        {
            arguments.AddRange(["--pids-limit", Text(limits.Pids ?? NoLimit)]);
        }

        if (limits.CpusetCpus is { } processors)
        {
            arguments.AddRange(["--cpuset-cpus", processors]);
        }

        try
        {
            await processes.RunAsync(new ProcessSpec(options.RuncPath, [.. arguments, container.Id]), cancellationToken);
        }
        catch (ProcessFailedException exception)
        {
            throw new EngineException($"container {container.Id} could not be given other limits: {exception.Message}", exception);
        }
    }

    private static string Text(long value) => value.ToString(CultureInfo.InvariantCulture);
}
