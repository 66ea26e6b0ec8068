using Coxswain.Linux.Mounts;
using Coxswain.Node.Files;

namespace Coxswain.Node.Volumes;

/// <summary>Gives back what a pod's volumes hold on the node.</summary>
internal static class VolumeTeardown
{
    /// <summary>Unmounts and deletes everything of the pod's volumes. Idempotent.</summary>
    public static void TearDown(string podUid, NodePaths paths, IMounts mounts)
    {
        var directory = paths.Volumes(podUid);
        if (!Directory.Exists(directory))
        {
            return;
        }

        var emptyDirs = Path.Combine(directory, "kubernetes.io~empty-dir");
        if (Directory.Exists(emptyDirs))
        {
            foreach (var volume in Directory.EnumerateDirectories(emptyDirs))
            {
                mounts.Unmount(volume);
            }
        }

        Directory.Delete(directory, recursive: true);
    }
}
