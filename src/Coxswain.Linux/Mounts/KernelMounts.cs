using Coxswain.Linux.Interop;

namespace Coxswain.Linux.Mounts;

/// <summary>mount(2) and umount2(2).</summary>
public sealed class KernelMounts : IMounts
{
    private const MountFlags PropagationFlags = MountFlags.Private | MountFlags.Slave | MountFlags.Shared;

    public void Mount(MountRequest request)
    {
        var type = request.Type.Length == 0 ? null : request.Type;
        var data = request.Data.Length == 0 ? null : request.Data;
        Call(request, type, request.Flags & ~PropagationFlags, data);
        // The kernel takes neither propagation nor read-only together with the bind itself.
        if (request.Flags.HasFlag(MountFlags.Bind) && request.Flags.HasFlag(MountFlags.ReadOnly))
        {
            Call(request, null, (request.Flags & ~PropagationFlags & ~MountFlags.Recursive) | MountFlags.Remount, null);
        }

        if ((request.Flags & PropagationFlags) is var propagation and not MountFlags.None)
        {
            Call(request, null, propagation | (request.Flags & MountFlags.Recursive), null);
        }
    }

    public void MountFrom(string directory, MountRequest request)
    {
        Exception? failure = null;
        // The working directory is the process'; a thread can leave it only for good, so this one ends afterwards.
        var thread = new Thread(() =>
        {
            try
            {
                if (LibC.unshare(LibC.CLONE_FS) != 0 || LibC.chdir(directory) != 0)
                {
                    throw new LinuxException($"enter {RawName.Display(directory)}", LibC.Errno);
                }

                Mount(request);
            }
            catch (Exception exception)
            {
                failure = exception;
            }
        });
        thread.Start();
        thread.Join();
        if (failure is not null)
        {
            System.Runtime.ExceptionServices.ExceptionDispatchInfo.Throw(failure);
        }
    }

    public void Unmount(string target)
    {
        // A link that a container put in a mount point's place leads to what is not ours.
        if (LibC.umount2(target, LibC.MNT_DETACH | LibC.UMOUNT_NOFOLLOW) != 0)
        {
            var errno = LibC.Errno;
            if (errno is not (LibC.EINVAL or LibC.ENOENT))
            {
                throw new LinuxException($"unmount {RawName.Display(target)}", errno);
            }
        }
    }

    public IReadOnlyList<MountInfo> List() => MountInfo.Parse(RawName.FromBytes(File.ReadAllBytes("/proc/self/mountinfo")));

    private static void Call(MountRequest request, string? type, MountFlags flags, string? data)
    {
        if (LibC.mount(request.Source, request.Target, type, (nuint)(uint)flags, data) != 0)
        {
            var errno = LibC.Errno;
            throw new LinuxException($"mount {type ?? "bind"} {RawName.Display(request.Source)} on {RawName.Display(request.Target)}", errno);
        }
    }
}
