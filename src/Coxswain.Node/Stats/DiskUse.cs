namespace Coxswain.Node.Stats;

/// <summary>Bytes and inodes somewhere on a disk.</summary>
/// <param name="CapacityBytes">Of the file system it lies on.</param>
internal sealed record DiskUse(
    DateTimeOffset Time, long CapacityBytes, long AvailableBytes, long UsedBytes, long Inodes, long InodesFree, long InodesUsed);
