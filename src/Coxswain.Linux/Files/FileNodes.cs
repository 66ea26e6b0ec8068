using Coxswain.Linux.Interop;
using System.Runtime.InteropServices;

namespace Coxswain.Linux.Files;

/// <summary>Makes, renames and removes names in directories, of every kind of file there is.</summary>
public static class FileNodes
{
    private const int PathMax = 4096;

    public static void MakeDirectory(string path, uint permissions) =>
        Failure.Check(LibC.mkdir(path, permissions), "make directory", path);

    public static void MakeSymbolicLink(string target, string path) =>
        Failure.Check(LibC.symlink(target, path), "make symbolic link", path);

    public static void MakeHardLink(string existing, string path) =>
        Failure.Check(LibC.linkat(LibC.AT_FDCWD, existing, LibC.AT_FDCWD, path, 0), $"link {RawName.Display(existing)} to", path);

    public static void MakeFifo(string path, uint permissions) =>
        Failure.Check(LibC.mknod(path, 0x1000 | permissions, 0), "make FIFO", path);

    public static void MakeDevice(string path, bool block, uint permissions, uint major, uint minor) =>
        Failure.Check(
            LibC.mknod(path, (block ? 0x6000u : 0x2000u) | permissions, DeviceNumber(major, minor)), "make device", path);

    /// <summary>Where a symbolic link leads, as it is written there.</summary>
    public static unsafe string ReadLink(string path)
    {
        var buffer = stackalloc byte[PathMax];
        var length = LibC.readlink(path, buffer, PathMax);
        Failure.Check(length, "read link", path);
        return RawName.FromBytes(new ReadOnlySpan<byte>(buffer, (int)length));
    }

    /// <summary>The path without symbolic links; every part must exist.</summary>
    public static unsafe string RealPath(string path)
    {
        var buffer = stackalloc byte[PathMax];
        return LibC.realpath(path, buffer) == null
            ? throw Failure.Of("resolve", path)
            : RawName.FromBytes(MemoryMarshal.CreateReadOnlySpanFromNullTerminated(buffer));
    }

    /// <summary>Puts one name in another's place in one step, also where either is a link to a directory, which .NET refuses.</summary>
    public static void Rename(string from, string to) =>
        Failure.Check(LibC.rename(from, to), $"rename {RawName.Display(from)} to", to);

    /// <summary>Renames a directory unless the target is there already; says whether it was moved.</summary>
    public static bool TryRenameDirectory(string from, string to)
    {
        if (LibC.rename(from, to) == 0)
        {
            return true;
        }

        var errno = LibC.Errno;
        return errno is LibC.ENOTEMPTY or LibC.EEXIST
            ? false
            : throw Failure.Of($"rename {RawName.Display(from)} to", to, errno);
    }

    /// <summary>Removes a name that is not a directory's; nothing there is fine.</summary>
    public static void Remove(string path)
    {
        if (LibC.unlink(path) != 0 && LibC.Errno is var errno and not (LibC.ENOENT or LibC.ENOTDIR))
        {
            throw Failure.Of("remove", path, errno);
        }
    }

    /// <summary>The names in a directory, always in the same order.</summary>
    public static IReadOnlyList<string> Names(string directory)
    {
        using var open = DirectoryDescriptor.Open(directory);
        var names = open.Names().ConvertAll(entry => RawName.FromBytes(entry.Name));
        names.Sort(StringComparer.Ordinal);
        return names;
    }

    private static ulong DeviceNumber(uint major, uint minor) =>
        (minor & 0xFF) | ((ulong)(major & 0xFFF) << 8) | ((ulong)(minor & ~0xFFu) << 12) | ((ulong)(major & ~0xFFFu) << 32);
}
