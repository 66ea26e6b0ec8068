using Coxswain.Api.Scalars;
using Coxswain.Linux.Files;
using Coxswain.Node.Options;

namespace Coxswain.Node.Eviction;

internal enum PressureKind
{
    Memory,
    Disk,
    Pids,
}

/// <summary>Something there is too little of.</summary>
/// <param name="Resource">As Kubernetes' messages name it: <c>memory</c>, <c>ephemeral-storage</c>, <c>inodes</c>, <c>pids</c>.</param>
internal sealed record Shortage(PressureKind Kind, string Resource, string Threshold, string Available)
{
    /// <summary>The kubelet's words.</summary>
    public string Message => $"The node was low on resource: {Resource}. Threshold quantity: {Threshold}, available: {Available}. ";
}

/// <summary>What a node is short of: a pure function of what was measured. The most pressing comes first.</summary>
internal static class PressureRules
{
    public static IReadOnlyList<Shortage> Find(NodeMeasurement measured, EvictionOptions options)
    {
        var shortages = new List<Shortage>();
        if (measured.MemoryAvailableBytes < options.MemoryAvailableBytes)
        {
            shortages.Add(new Shortage(
                PressureKind.Memory, "memory", Bytes(options.MemoryAvailableBytes), Bytes(measured.MemoryAvailableBytes)));
        }

        AddDisk(shortages, measured.Nodefs, options.NodefsAvailable, options.NodefsInodesFree);
        AddDisk(shortages, measured.Imagefs, options.ImagefsAvailable, options.ImagefsInodesFree);
        if (measured.PidsAvailable < options.PidsAvailable * measured.PidsMax)
        {
            shortages.Add(new Shortage(
                PressureKind.Pids, "pids", $"{(long)(options.PidsAvailable * measured.PidsMax)}", $"{measured.PidsAvailable}"));
        }

        return shortages;
    }

    private static void AddDisk(List<Shortage> shortages, FileSystemUsage disk, double available, double inodesFree)
    {
        if (disk.AvailableBytes < available * disk.CapacityBytes)
        {
            shortages.Add(new Shortage(
                PressureKind.Disk, "ephemeral-storage", Bytes((long)(available * disk.CapacityBytes)), Bytes(disk.AvailableBytes)));
        }

        if (disk.Inodes > 0 && disk.InodesFree < inodesFree * disk.Inodes)
        {
            shortages.Add(new Shortage(PressureKind.Disk, "inodes", $"{(long)(inodesFree * disk.Inodes)}", $"{disk.InodesFree}"));
        }
    }

    private static string Bytes(long bytes) => Quantity.Parse($"{bytes / 1024}Ki").ToString();
}
