using Coxswain.Linux.Files;

namespace Coxswain.Node.Eviction;

/// <summary>Measures what a node's pods may run out of.</summary>
internal interface INodeMeter
{
    NodeMeasurement Read();
}

/// <param name="Nodefs">The file system of volumes and logs.</param>
/// <param name="Imagefs">The file system of images.</param>
/// <param name="PidsMax">The most processes the kernel takes.</param>
internal sealed record NodeMeasurement(
    long MemoryAvailableBytes, FileSystemUsage Nodefs, FileSystemUsage Imagefs, long PidsAvailable, long PidsMax);
