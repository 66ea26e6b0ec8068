using System.ComponentModel;
using System.Runtime.InteropServices;
using System.Text;
using Microsoft.Win32.SafeHandles;

namespace Coxswain.Engine.Images.Files;

/// <summary>The file calls layers need and the base library does not offer: owners, devices, links, extended attributes.</summary>
internal static unsafe partial class Posix
{
    private const int CurrentDirectory = -100;
    private const int NoFollow = 0x100;
    private const uint BasicStats = 0x7FF;
    private const int NotFoundError = 2;
    private const int ExistsError = 17;
    private const int NotDirectoryError = 20;
    private const int NoDataError = 61;
    private const int NotSupportedError = 95;

    /// <summary>The status of a path, or null when nothing is there.</summary>
    public static FileStatus? TryStatus(string path)
    {
        var buffer = stackalloc byte[256];
        if (statx(CurrentDirectory, path, NoFollow, BasicStats, buffer) != 0)
        {
            var error = Marshal.GetLastPInvokeError();
            return error is NotFoundError or NotDirectoryError ? null : throw Failure("stat", path, error);
        }

        return new FileStatus(
            RawMode: *(ushort*)(buffer + 28),
            Uid: *(uint*)(buffer + 20),
            Gid: *(uint*)(buffer + 24),
            Size: *(long*)(buffer + 40),
            Inode: *(ulong*)(buffer + 32),
            Device: ((ulong)*(uint*)(buffer + 136) << 32) | *(uint*)(buffer + 140),
            LinkCount: *(uint*)(buffer + 16),
            DeviceMajor: *(uint*)(buffer + 128),
            DeviceMinor: *(uint*)(buffer + 132),
            ModifiedSeconds: *(long*)(buffer + 112),
            ModifiedNanoseconds: *(uint*)(buffer + 120));
    }

    public static FileStatus Status(string path) => TryStatus(path) ?? throw Failure("stat", path, NotFoundError);

    public static void ChangeOwner(string path, uint uid, uint gid) => Check(lchown(path, uid, gid), "chown", path);

    public static void ChangeMode(string path, uint permissions) => Check(chmod(path, permissions & 0xFFF), "chmod", path);

    public static void SetModified(string path, long seconds, uint nanoseconds)
    {
        var times = stackalloc long[4] { seconds, nanoseconds, seconds, nanoseconds };
        Check(utimensat(CurrentDirectory, path, times, NoFollow), "set times of", path);
    }

    public static void MakeDirectory(string path, uint permissions) => Check(mkdir(path, permissions), "mkdir", path);

    public static void MakeSymbolicLink(string target, string path) => Check(symlink(target, path), "symlink", path);

    public static void MakeHardLink(string existing, string path) =>
        Check(linkat(CurrentDirectory, existing, CurrentDirectory, path, 0), "link", path);

    public static void MakeFifo(string path, uint permissions) => Check(mknod(path, 0x1000 | permissions, 0), "mkfifo", path);

    public static void MakeDevice(string path, bool block, uint permissions, uint major, uint minor) =>
        Check(mknod(path, (block ? 0x6000u : 0x2000u) | permissions, DeviceNumber(major, minor)), "mknod", path);

    public static void MakeWhiteout(string path) => MakeDevice(path, block: false, 0, 0, 0);

    public static void Rename(string from, string to) => Check(rename(from, to), $"rename {from} to", to);

    /// <summary>Renames a directory unless the target is there already; says whether it was moved.</summary>
    public static bool TryRenameDirectory(string from, string to)
    {
        if (rename(from, to) == 0)
        {
            return true;
        }

        var error = Marshal.GetLastPInvokeError();
        const int NotEmpty = 39;
        return error is NotEmpty or ExistsError ? false : throw Failure($"rename {from} to", to, error);
    }

    public static string ReadLink(string path)
    {
        var buffer = stackalloc byte[4096];
        var length = readlink(path, buffer, 4096);
        return length < 0
            ? throw Failure("readlink", path, Marshal.GetLastPInvokeError())
            : Encoding.UTF8.GetString(buffer, (int)length);
    }

    /// <summary>Flushes the names in a directory, so that a rename into it outlives a power cut.</summary>
    public static void SyncDirectory(string path) => WithDirectory(path, static (fd, path) => Check(fsync(fd), "fsync", path));

    /// <summary>Flushes the whole file system that holds a directory: one call for the many files of new layers.</summary>
    public static void SyncFileSystem(string path) => WithDirectory(path, static (fd, path) => Check(syncfs(fd), "syncfs", path));

    public static IReadOnlyList<string> ListAttributes(string path)
    {
        var needed = llistxattr(path, null, 0);
        if (needed == 0)
        {
            return [];
        }

        if (needed < 0)
        {
            return Marshal.GetLastPInvokeError() == NotSupportedError
                ? []
                : throw Failure("list attributes of", path, Marshal.GetLastPInvokeError());
        }

        var buffer = new byte[needed + 256];
        fixed (byte* start = buffer)
        {
            var length = llistxattr(path, start, (nuint)buffer.Length);
            Check(length < 0 ? -1 : 0, "list attributes of", path);
            return Encoding.UTF8.GetString(buffer, 0, (int)length).Split('\0', StringSplitOptions.RemoveEmptyEntries);
        }
    }

    public static byte[]? TryGetAttribute(string path, string name)
    {
        var buffer = stackalloc byte[4096];
        var length = lgetxattr(path, name, buffer, 4096);
        if (length >= 0)
        {
            return new ReadOnlySpan<byte>(buffer, (int)length).ToArray();
        }

        const int Range = 34;
        var error = Marshal.GetLastPInvokeError();
        if (error is NoDataError or NotSupportedError)
        {
            return null;
        }

        if (error != Range)
        {
            throw Failure($"get attribute {name} of", path, error);
        }

        var large = new byte[65536];
        fixed (byte* start = large)
        {
            length = lgetxattr(path, name, start, (nuint)large.Length);
            Check(length < 0 ? -1 : 0, $"get attribute {name} of", path);
            return large[..(int)length];
        }
    }

    public static void SetAttribute(string path, string name, ReadOnlySpan<byte> value)
    {
        fixed (byte* start = value)
        {
            Check(lsetxattr(path, name, start, (nuint)value.Length, 0), $"set attribute {name} of", path);
        }
    }

    public static void RemoveAttribute(string path, string name) =>
        Check(lremovexattr(path, name), $"remove attribute {name} of", path);

    /// <summary>Takes or tests a lock on an open file; false when another holder keeps it and <paramref name="wait"/> is off.</summary>
    public static bool Lock(SafeHandle file, bool exclusive, bool wait)
    {
        const int Shared = 1, Exclusive = 2, NonBlocking = 4, Interrupted = 4, WouldBlock = 11;
        var operation = (exclusive ? Exclusive : Shared) | (wait ? 0 : NonBlocking);
        while (flock((int)file.DangerousGetHandle(), operation) != 0)
        {
            var error = Marshal.GetLastPInvokeError();
            if (error == WouldBlock)
            {
                return false;
            }

            if (error != Interrupted)
            {
                throw Failure("lock", "file", error);
            }
        }

        return true;
    }

    /// <summary>
    /// Opens a file to lock it. The base library cannot: opening takes a lock of its own there, and fails while another is held.
    /// </summary>
    /// <exception cref="FileNotFoundException">It is not there and is not to be made.</exception>
    public static SafeFileHandle OpenForLock(string path, bool create)
    {
        const int ReadWrite = 2, Create = 0x40, CloseOnExec = 0x80000;
        var fd = openMode(path, ReadWrite | CloseOnExec | (create ? Create : 0), 0x180);
        if (fd >= 0)
        {
            return new SafeFileHandle(fd, ownsHandle: true);
        }

        var error = Marshal.GetLastPInvokeError();
        throw error == NotFoundError ? new FileNotFoundException("no such file", path) : Failure("open", path, error);
    }

    private static ulong DeviceNumber(uint major, uint minor) =>
        ((ulong)(minor & 0xFF)) | ((ulong)(major & 0xFFF) << 8) | ((ulong)(minor & ~0xFFu) << 12) | ((ulong)(major & ~0xFFFu) << 32);

    private static void WithDirectory(string path, Action<int, string> action)
    {
        const int ReadOnlyDirectory = 0x10000 | 0x80000;
        var fd = open(path, ReadOnlyDirectory);
        Check(fd, "open", path);
        try
        {
            action(fd, path);
        }
        finally
        {
            _ = close(fd);
        }
    }

    private static void Check(int result, string what, string path)
    {
        if (result < 0)
        {
            throw Failure(what, path, Marshal.GetLastPInvokeError());
        }
    }

    private static IOException Failure(string what, string path, int error) =>
        new($"cannot {what} {path}: {new Win32Exception(error).Message}");

    [LibraryImport("libc", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int statx(int directory, string path, int flags, uint mask, byte* buffer);

    [LibraryImport("libc", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int lchown(string path, uint uid, uint gid);

    [LibraryImport("libc", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int chmod(string path, uint mode);

    [LibraryImport("libc", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int utimensat(int directory, string path, long* times, int flags);

    [LibraryImport("libc", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int mkdir(string path, uint mode);

    [LibraryImport("libc", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int symlink(string target, string path);

    [LibraryImport("libc", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int linkat(int fromDirectory, string from, int toDirectory, string to, int flags);

    [LibraryImport("libc", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int mknod(string path, uint mode, ulong device);

    [LibraryImport("libc", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int rename(string from, string to);

    [LibraryImport("libc", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial nint readlink(string path, byte* buffer, nuint size);

    [LibraryImport("libc", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial nint llistxattr(string path, byte* buffer, nuint size);

    [LibraryImport("libc", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial nint lgetxattr(string path, string name, byte* value, nuint size);

    [LibraryImport("libc", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int lsetxattr(string path, string name, byte* value, nuint size, int flags);

    [LibraryImport("libc", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int lremovexattr(string path, string name);

    [LibraryImport("libc", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int open(string path, int flags);

    [LibraryImport("libc", EntryPoint = "open", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int openMode(string path, int flags, int mode);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int close(int fd);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int fsync(int fd);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int syncfs(int fd);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int flock(int fd, int operation);
}
