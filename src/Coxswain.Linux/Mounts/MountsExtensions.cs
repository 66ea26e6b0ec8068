using Coxswain.Linux.Files;

namespace Coxswain.Linux.Mounts;

/// <summary>What several owners of directories do with mounts.</summary>
public static class MountsExtensions
{
    /// <summary>
    /// Unmounts whatever is mounted below a directory, the innermost first, by us or by a container that may: what is behind
    /// a mount is somebody else's and must not be deleted with the directory. A directory that is not there is success.
    /// </summary>
    public static void UnmountBelow(this IMounts mounts, string directory)
    {
        if (!Directory.Exists(directory))
        {
            return;
        }

        // The kernel lists mount points without symbolic links in them.
        var below = FileNodes.RealPath(directory) + "/";
        foreach (var mount in mounts.List().Where(mount => mount.MountPoint.StartsWith(below, StringComparison.Ordinal)).Reverse())
        {
            mounts.Unmount(mount.MountPoint);
        }
    }
}
