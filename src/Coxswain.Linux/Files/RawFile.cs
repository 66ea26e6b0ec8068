using Coxswain.Linux.Interop;
using Microsoft.Win32.SafeHandles;

namespace Coxswain.Linux.Files;

/// <summary>Opens regular files whatever their names are, and nothing else: never a FIFO to wait on, a device or a link.</summary>
public static class RawFile
{
    /// <exception cref="LinuxException">It is missing, or not a regular file.</exception>
    public static FileStream OpenRead(string path)
    {
        // Without O_NONBLOCK a FIFO would keep the thread until somebody writes to it.
        var fd = LibC.openPath(path, LibC.O_RDONLY | LibC.O_NONBLOCK | LibC.O_NOFOLLOW | LibC.O_CLOEXEC, 0);
        Failure.Check(fd, "open", path);
        return Stream(fd, path, FileAccess.Read);
    }

    /// <summary>Makes a file that must not be there yet.</summary>
    public static FileStream Create(string path, uint permissions)
    {
        var flags = LibC.O_WRONLY | LibC.O_CREAT | LibC.O_EXCL | LibC.O_NOFOLLOW | LibC.O_CLOEXEC;
        var fd = LibC.openPath(path, flags, (int)(permissions & 0xFFF));
        Failure.Check(fd, "create", path);
        return Stream(fd, path, FileAccess.Write);
    }

    /// <summary>Copies the content of a regular file to one that must not be there yet.</summary>
    public static void Copy(string from, string to, uint permissions)
    {
        using var source = OpenRead(from);
        using var target = Create(to, permissions);
        source.CopyTo(target, 1 << 20);
    }

    internal static FileStream Stream(int fd, string path, FileAccess access)
    {
        var handle = new SafeFileHandle(fd, ownsHandle: true);
        try
        {
            if (FileStatus.TryRead(fd) is not { IsRegular: true })
            {
                throw new LinuxException($"open {RawName.Display(path)}: not a regular file");
            }

            return new FileStream(handle, access, bufferSize: 1 << 16);
        }
        catch
        {
            handle.Dispose();
            throw;
        }
    }
}
