using Coxswain.Linux.Mounts;

namespace Coxswain.Engine.Sandboxes;

/// <summary>A sandbox's /dev/shm: one for all of its containers, as their IPC namespace is.</summary>
internal sealed class SharedMemory(IMounts mounts)
{
    public const string Name = "shm";

    /// <summary>Mounts it in a sandbox's directory; goes with the directory.</summary>
    public void Create(string sandboxDirectory, long bytes)
    {
        var target = Directory.CreateDirectory(Path.Combine(sandboxDirectory, Name)).FullName;
        mounts.Mount(new MountRequest(
            "shm", target, "tmpfs", MountFlags.NoSuid | MountFlags.NoDev | MountFlags.NoExec, $"mode=1777,size={bytes}"));
    }
}
