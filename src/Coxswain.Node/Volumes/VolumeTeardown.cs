using Coxswain.Linux.Files;
using Coxswain.Linux.Mounts;
using Coxswain.Node.Files;

namespace Coxswain.Node.Volumes;

/// <summary>Gives back what pods' volumes hold on the node.</summary>
internal static class VolumeTeardown
{
    /// <summary>Unmounts and deletes everything of the pod's volumes. Idempotent.</summary>
    public static void TearDown(string podUid, NodePaths paths, IMounts mounts)
    {
        if (!Directory.Exists(paths.Pod(podUid)))
        {
            return;
        }

        UnmountBelow(paths.Pod(podUid), mounts);
        TreeRemover.Remove(paths.SubPathRoot(podUid));
        TreeRemover.Remove(paths.Volumes(podUid));
    }

    /// <summary>
    /// Unmounts whatever is mounted below a directory, by us or by a container that may: what is behind a mount is somebody else's and
    /// must not be deleted with the pod. A removal then refuses to pass a mount point that is left.
    /// </summary>
    public static void UnmountBelow(string directory, IMounts mounts)
    {
        // The kernel lists mount points without symbolic links in them.
        var below = FileNodes.RealPath(directory) + "/";
        foreach (var mount in mounts.List().Where(mount => mount.MountPoint.StartsWith(below, StringComparison.Ordinal)).Reverse())
        {
            mounts.Unmount(mount.MountPoint);
        }
    }
}
