using System.Globalization;
using System.Text.Json;
using Coxswain.Engine.Containers.Oci;
using Coxswain.Engine.Containers.Records;
using Coxswain.Engine.Snapshots;
using Coxswain.Linux.Cgroups;
using Coxswain.Linux.Processes;

namespace Coxswain.Engine.Containers.Tasks;

/// <summary>Makes a container's task up to the point where it waits to be let run.</summary>
internal sealed class TaskMaker(
    ContainerPaths paths, ISnapshots snapshots, ICgroups cgroups, Conmon conmon, TimeProvider time)
{
    // conmon and runc need some 30 ms; what takes this long hangs, in a dead network mount for example.
    private static readonly TimeSpan CreateTimeout = TimeSpan.FromMinutes(2);

    public async Task<TaskRecord> MakeAsync(ContainerRecord container, TaskRecord before, CancellationToken cancellationToken)
    {
        await WriteBundleAsync(container, cancellationToken);
        if (container.Spec.LogPath is { } log && Path.GetDirectoryName(log) is { } logDirectory)
        {
            Directory.CreateDirectory(logDirectory);
        }

        // Not the caller's token: once conmon has begun, it must be heard to the end to know what there is to take back.
        using var timeout = new CancellationTokenSource(CreateTimeout, time);
        var pid = await conmon.CreateAsync(container.Id, container.Spec, timeout.Token);
        var monitor = ReadPid(paths.InBundle(container.Id, "conmon.pid"));
        cancellationToken.ThrowIfCancellationRequested();
        return before with
        {
            State = ContainerState.Created,
            Preparing = false,
            Pid = pid,
            PidStartTime = ProcessInfo.StartTime(pid),
            MonitorPid = monitor,
            MonitorStartTime = ProcessInfo.StartTime(monitor),
        };
    }

    private async Task WriteBundleAsync(ContainerRecord container, CancellationToken cancellationToken)
    {
        if (container.Spec.Root.LayerDirectories is { } layers)
        {
            // No mount outlives a reboot.
            await snapshots.EnsureMountedAsync(container.Id, layers, cancellationToken);
        }

        RuntimeSpec config;
        try
        {
            config = SpecBuilder.Build(container.Spec, container.RootDirectory, container.CgroupPath, cgroups.Layout);
        }
        catch (EngineException exception)
        {
            throw new ContainerStartException(container.Id, 128, exception.Message, exception);
        }

        Directory.CreateDirectory(paths.Bundle(container.Id));
        await File.WriteAllBytesAsync(
            paths.InBundle(container.Id, "config.json"),
            JsonSerializer.SerializeToUtf8Bytes(config, OciJson.Default.RuntimeSpec),
            cancellationToken);
    }

    private static int ReadPid(string file) => int.Parse(File.ReadAllText(file), CultureInfo.InvariantCulture);
}
