using Coxswain.Linux.Interop;
using Microsoft.Win32.SafeHandles;

namespace Coxswain.Linux.Files;

/// <summary>flock(2): a lock between processes, and between holders in one, that the kernel drops when its holder dies.</summary>
public static class LockFile
{
    /// <summary>
    /// Opens a file to lock it. The base library cannot: opening takes a lock of its own there, and fails while another is held.
    /// </summary>
    /// <exception cref="FileNotFoundException">It is not there and is not to be made.</exception>
    public static SafeFileHandle Open(string path, bool create)
    {
        const int OwnerOnly = 0x180;
        var fd = LibC.openPath(path, LibC.O_RDWR | LibC.O_CLOEXEC | (create ? LibC.O_CREAT : 0), OwnerOnly);
        if (fd >= 0)
        {
            return new SafeFileHandle(fd, ownsHandle: true);
        }

        var errno = LibC.Errno;
        throw errno == LibC.ENOENT && !create ? new FileNotFoundException("no such file", path) : Failure.Of("open", path, errno);
    }

    /// <summary>False when another holder keeps it.</summary>
    public static bool TryLock(SafeFileHandle file, bool exclusive)
    {
        const int Shared = 1, Exclusive = 2, NonBlocking = 4;
        while (LibC.flock((int)file.DangerousGetHandle(), (exclusive ? Exclusive : Shared) | NonBlocking) != 0)
        {
            var errno = LibC.Errno;
            if (errno == LibC.EAGAIN)
            {
                return false;
            }

            if (errno != LibC.EINTR)
            {
                throw new LinuxException("lock", errno);
            }
        }

        return true;
    }
}
