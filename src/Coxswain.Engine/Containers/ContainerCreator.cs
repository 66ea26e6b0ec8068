using System.Globalization;
using System.Security.Cryptography;
using System.Text.Json;
using Coxswain.Engine.Containers.Oci;
using Coxswain.Engine.Snapshots;
using Coxswain.Linux.Cgroups;
using Coxswain.Linux.Processes;

namespace Coxswain.Engine.Containers;

/// <summary>Makes a container up to the point where it waits to be started, and takes back what was made when that fails.</summary>
internal sealed class ContainerCreator(
    EngineOptions options,
    ContainerPaths paths,
    ContainerStore store,
    ContainerRemover remover,
    ISnapshots snapshots,
    ICgroups cgroups,
    Conmon conmon,
    TimeProvider time)
{
    // conmon and runc need some 30 ms; what takes this long hangs, in a dead network mount for example.
    private static readonly TimeSpan CreateTimeout = TimeSpan.FromMinutes(2);

    public static string NewId() => RandomNumberGenerator.GetHexString(64, lowercase: true);

    public async Task<ContainerRecord> CreateAsync(string id, ContainerSpec spec, CancellationToken cancellationToken)
    {
        var root = spec.Root.Directory
            ?? Path.Combine(options.DataDirectory, "snapshots", id, "root");
        var cgroup = spec.CgroupParent.Length == 0
            ? $"{options.CgroupParent}/{id}"
            : $"{options.CgroupParent}/{spec.CgroupParent.Trim('/')}/{id}";
        var record = new ContainerRecord(
            id, spec, ContainerState.Created, 0, 0, 0, 0, root, cgroup, time.GetUtcNow(), null, null);
        // On disk before anything exists: if we die half-way, the next engine knows what to take back.
        await store.SaveAsync(record, cancellationToken);
        try
        {
            return await MakeAsync(record, cancellationToken);
        }
        catch (Exception exception)
        {
            await TakeBackAsync(record, exception);
            throw;
        }
    }

    private async Task<ContainerRecord> MakeAsync(ContainerRecord record, CancellationToken cancellationToken)
    {
        if (record.Spec.Root.LayerDirectories is { } layers)
        {
            var snapshot = await snapshots.PrepareAsync(record.Id, layers, cancellationToken);
            record = record with { RootDirectory = snapshot.RootDirectory };
        }

        await WriteBundleAsync(record, cancellationToken);
        if (record.Spec.LogPath is { } log && Path.GetDirectoryName(log) is { } logDirectory)
        {
            Directory.CreateDirectory(logDirectory);
        }

        // Not the caller's token: once conmon has begun, it must be heard to the end to know what there is to take back.
        using var timeout = new CancellationTokenSource(CreateTimeout, time);
        var pid = await conmon.CreateAsync(record.Id, record.Spec, timeout.Token);
        var monitor = ReadPid(paths.InBundle(record.Id, "conmon.pid"));
        record = record with
        {
            Pid = pid,
            PidStartTime = ProcessInfo.StartTime(pid),
            MonitorPid = monitor,
            MonitorStartTime = ProcessInfo.StartTime(monitor),
        };
        await store.SaveAsync(record, CancellationToken.None);
        cancellationToken.ThrowIfCancellationRequested();
        return record;
    }

    private async Task WriteBundleAsync(ContainerRecord record, CancellationToken cancellationToken)
    {
        RuntimeSpec config;
        try
        {
            config = SpecBuilder.Build(record.Spec, record.RootDirectory, record.CgroupPath, cgroups.Layout);
        }
        catch (EngineException exception)
        {
            throw new ContainerStartException(record.Id, 128, exception.Message, exception);
        }

        Directory.CreateDirectory(paths.Bundle(record.Id));
        await File.WriteAllBytesAsync(
            paths.InBundle(record.Id, "config.json"),
            JsonSerializer.SerializeToUtf8Bytes(config, EngineJson.Default.RuntimeSpec),
            cancellationToken);
    }

    private async Task TakeBackAsync(ContainerRecord record, Exception cause)
    {
        try
        {
            await remover.RemoveAsync(record, CancellationToken.None);
        }
        catch (Exception exception)
        {
            throw new EngineException(
                $"container {record.Id} could not be created, nor what was made of it removed",
                new AggregateException(cause, exception));
        }
    }

    private static int ReadPid(string file) => int.Parse(File.ReadAllText(file), CultureInfo.InvariantCulture);
}
