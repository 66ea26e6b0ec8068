using Coxswain.Api.Core.V1;
using Coxswain.Api.Errors;
using Coxswain.Linux.Files;
using Coxswain.Node.Files;
using Coxswain.Node.Objects;
using Coxswain.Node.Runtime;

namespace Coxswain.Node.Stats;

/// <summary>Measures what pods have on disk: volumes, logs and what containers wrote to their roots.</summary>
internal sealed class DiskMeter(IPodRuntime runtime, NodePaths paths, IClaimedVolumes claims, TimeProvider time) : IDisposable
{
    /// <summary>Walking trees is dear, so that what was found is told again for so long, as in the kubelet.</summary>
    private static readonly TimeSpan Kept = TimeSpan.FromMinutes(1);

    private readonly SemaphoreSlim _gate = new(1, 1);

    /// <summary>By pod; those that are not asked for any more are forgotten.</summary>
    private Dictionary<string, PodDisk> _known = new(StringComparer.Ordinal);

    public void Dispose() => _gate.Dispose();

    public async Task<IReadOnlyDictionary<string, PodDisk>> MeasureAsync(IReadOnlyList<Pod> pods, CancellationToken cancellationToken)
    {
        await _gate.WaitAsync(cancellationToken);
        try
        {
            var measured = new Dictionary<string, PodDisk>(StringComparer.Ordinal);
            foreach (var pod in pods)
            {
                var uid = pod.Metadata.Uid;
                measured[uid] = _known.TryGetValue(uid, out var known) && time.GetUtcNow() - known.Time < Kept
                    ? known : await MeasureAsync(pod, cancellationToken);
            }

            return _known = measured;
        }
        finally
        {
            _gate.Release();
        }
    }

    /// <summary>What the file system that holds a path has, and how much of it is used by whomever.</summary>
    public static DiskUse FileSystem(string path, DateTimeOffset now)
    {
        var usage = FileSystemUsage.Of(path);
        return new DiskUse(
            now, usage.CapacityBytes, usage.AvailableBytes, usage.CapacityBytes - usage.AvailableBytes, usage.Inodes, usage.InodesFree,
            usage.Inodes - usage.InodesFree);
    }

    private async Task<PodDisk> MeasureAsync(Pod pod, CancellationToken cancellationToken)
    {
        var volumes = new List<VolumeDisk>();
        foreach (var volume in pod.Spec.Volumes)
        {
            if (await VolumeAsync(pod, volume, cancellationToken) is { } disk)
            {
                volumes.Add(disk);
            }
        }

        var containers = new Dictionary<string, ContainerDisk>(StringComparer.Ordinal);
        foreach (var status in PodMeter.StatusesOf(pod).Where(status => status.State.Running is not null))
        {
            var logs = Tree(paths.ContainerLogs(pod.Metadata.Namespace, pod.Metadata.Name, pod.Metadata.Uid, status.Name), cancellationToken);
            var written = await runtime.ContainerWritableBytesAsync(PodMeter.IdOf(status), cancellationToken);
            containers[status.Name] = new ContainerDisk(written, logs?.UsedBytes ?? 0, logs?.InodesUsed ?? 0);
        }

        return new PodDisk(time.GetUtcNow(), volumes, containers);
    }

    private async Task<VolumeDisk?> VolumeAsync(Pod pod, Volume volume, CancellationToken cancellationToken)
    {
        var claim = volume.PersistentVolumeClaim?.ClaimName ?? (volume.Ephemeral is null ? null : $"{pod.Metadata.Name}-{volume.Name}");
        try
        {
            if (claim is not null)
            {
                var path = await claims.PathAsync(pod.Metadata.Namespace, claim, cancellationToken);
                return Directory.Exists(path) ? new VolumeDisk(volume.Name, claim, IsEphemeral: false, FileSystem(path, time.GetUtcNow())) : null;
            }

            var directory = Directory.Exists(paths.Volumes(pod.Metadata.Uid))
                ? Directory.EnumerateDirectories(paths.Volumes(pod.Metadata.Uid)).Select(kind => Path.Combine(kind, volume.Name)).FirstOrDefault(Directory.Exists)
                : null;
            return directory is not null && Tree(directory, cancellationToken) is { } use ? new VolumeDisk(volume.Name, "", IsEphemeral: true, use) : null;
        }
        catch (Exception exception) when (exception is PodObjectException or KubeStatusException or IOException or Linux.LinuxException)
        {
            return null; // It is not there (any more).
        }
    }

    private DiskUse? Tree(string directory, CancellationToken cancellationToken)
    {
        if (!Directory.Exists(directory))
        {
            return null;
        }

        var (bytes, inodes) = (0L, 0L);
        TreeWalker.Walk(
            directory,
            entry =>
            {
                bytes += entry.Status.AllocatedBytes;
                inodes++;
            },
            MountsBelow.Skip, cancellationToken);
        return FileSystem(directory, time.GetUtcNow()) with { UsedBytes = bytes, InodesUsed = inodes };
    }
}

internal sealed record PodDisk(DateTimeOffset Time, IReadOnlyList<VolumeDisk> Volumes, IReadOnlyDictionary<string, ContainerDisk> Containers);

/// <param name="Claim">Empty for none.</param>
/// <param name="IsEphemeral">Whether it goes with the pod.</param>
internal sealed record VolumeDisk(string Name, string Claim, bool IsEphemeral, DiskUse Use);

internal sealed record ContainerDisk(long WrittenBytes, long LogBytes, long LogInodes);
