using Coxswain.Linux.Interop;

namespace Coxswain.Linux.Files;

/// <summary>What room there is on a file system.</summary>
/// <param name="AvailableBytes">To users that are not root.</param>
/// <param name="Inodes">0 where the file system makes them as it goes.</param>
public readonly record struct FileSystemUsage(long CapacityBytes, long AvailableBytes, long Inodes, long InodesFree)
{
    /// <summary>Of the file system that holds a path.</summary>
    public static unsafe FileSystemUsage Of(string path)
    {
        LibC.StatVfs status = default;
        Failure.Check(LibC.statvfs(path, &status), "look at the file system of", path);
        return new FileSystemUsage(
            (long)(status.Blocks * status.FragmentSize), (long)(status.BlocksAvailable * status.FragmentSize),
            (long)status.Files, (long)status.FilesFree);
    }
}
