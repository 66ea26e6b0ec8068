using Coxswain.Api.Core.V1;

namespace Coxswain.Node.Eviction;

/// <summary>Measures what single pods use.</summary>
internal interface IPodUsageMeter
{
    Task<long> MemoryAsync(Pod pod, CancellationToken cancellationToken);

    /// <summary>Volumes of the pod's own and logs, in bytes.</summary>
    long Disk(Pod pod, CancellationToken cancellationToken);

    /// <summary>What a container has written to its own root, in bytes.</summary>
    Task<long> WritableLayerAsync(Pod pod, string container, CancellationToken cancellationToken);

    /// <summary>The same, with its logs.</summary>
    Task<long> ContainerDiskAsync(Pod pod, string container, CancellationToken cancellationToken);

    /// <summary>One emptyDir on disk, in bytes.</summary>
    long EmptyDir(Pod pod, string volume, CancellationToken cancellationToken);
}
