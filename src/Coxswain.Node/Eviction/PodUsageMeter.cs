using Coxswain.Api.Core.V1;
using Coxswain.Linux.Files;
using Coxswain.Node.Files;
using Coxswain.Node.Runtime;

namespace Coxswain.Node.Eviction;

/// <summary>Measures pods by what the runtime says of their containers and by what lies in their directories.</summary>
internal sealed class PodUsageMeter(IPodRuntime runtime, NodePaths paths) : IPodUsageMeter
{
    public async Task<long> MemoryAsync(Pod pod, CancellationToken cancellationToken)
    {
        long used = 0;
        foreach (var status in pod.Status.InitContainerStatuses.Concat(pod.Status.ContainerStatuses).Where(status => status.State.Running is not null))
        {
            var id = status.ContainerID[(status.ContainerID.LastIndexOf('/') + 1)..];
            used += (await runtime.ContainerStatsAsync(id, cancellationToken))?.WorkingSetBytes ?? 0;
        }

        return used;
    }

    public long Disk(Pod pod, CancellationToken cancellationToken) =>
        Allocated(paths.Volumes(pod.Metadata.Uid), cancellationToken)
        + Allocated(paths.PodLogs(pod.Metadata.Namespace, pod.Metadata.Name, pod.Metadata.Uid), cancellationToken);

    public async Task<long> WritableLayerAsync(Pod pod, string container, CancellationToken cancellationToken)
    {
        var status = pod.Status.InitContainerStatuses.Concat(pod.Status.ContainerStatuses).FirstOrDefault(status => status.Name == container);
        return status is { ContainerID: { Length: > 0 } id }
            ? await runtime.ContainerWritableBytesAsync(id[(id.LastIndexOf('/') + 1)..], cancellationToken)
            : 0;
    }

    public async Task<long> ContainerDiskAsync(Pod pod, string container, CancellationToken cancellationToken) =>
        await WritableLayerAsync(pod, container, cancellationToken)
        + Allocated(paths.ContainerLogs(pod.Metadata.Namespace, pod.Metadata.Name, pod.Metadata.Uid, container), cancellationToken);

    public long EmptyDir(Pod pod, string volume, CancellationToken cancellationToken) =>
        Allocated(paths.Volume(pod.Metadata.Uid, "empty-dir", volume), cancellationToken);

    /// <summary>What is mounted inside takes its room elsewhere.</summary>
    private static long Allocated(string directory, CancellationToken cancellationToken)
    {
        if (!Directory.Exists(directory))
        {
            return 0;
        }

        long bytes = 0;
        TreeWalker.Walk(directory, entry => bytes += entry.Status.AllocatedBytes, MountsBelow.Skip, cancellationToken);
        return bytes;
    }
}
