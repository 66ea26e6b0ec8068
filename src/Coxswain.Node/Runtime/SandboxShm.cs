using Coxswain.Linux.Files;
using Coxswain.Linux.Mounts;

namespace Coxswain.Node.Runtime;

/// <summary>The shared memory of sandboxes, one /dev/shm for all containers of a pod.</summary>
internal sealed class SandboxShm(string directory, IMounts mounts)
{
    /// <summary>What containerd gives a sandbox.</summary>
    private const string Options = "mode=1777,size=65536k";

    public string PathOf(string sandboxId) => Path.Combine(directory, sandboxId);

    /// <summary>Idempotent.</summary>
    public void Make(string sandboxId)
    {
        var path = Directory.CreateDirectory(PathOf(sandboxId)).FullName;
        var mountPoint = FileNodes.RealPath(path);
        if (!mounts.List().Any(mount => mount.MountPoint == mountPoint))
        {
            mounts.Mount(MountRequest.Tmpfs(path, Options));
        }
    }

    /// <summary>Idempotent. What still uses it keeps it.</summary>
    public void Remove(string sandboxId)
    {
        mounts.Unmount(PathOf(sandboxId));
        TreeRemover.Remove(PathOf(sandboxId));
    }
}
