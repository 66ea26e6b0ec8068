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

        mounts.UnmountBelow(paths.Pod(podUid));
        TreeRemover.Remove(paths.SubPathRoot(podUid));
        TreeRemover.Remove(paths.Volumes(podUid));
    }
}
