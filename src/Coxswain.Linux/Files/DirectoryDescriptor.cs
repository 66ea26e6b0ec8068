using System.Runtime.InteropServices;
using Coxswain.Linux.Interop;

namespace Coxswain.Linux.Files;

/// <summary>A name in a directory, with its terminating NUL, and its type where the file system tells it here.</summary>
internal readonly record struct DirectoryEntry(byte[] Terminated, byte Type)
{
    public const byte Directory = 4;

    public ReadOnlySpan<byte> Name => Terminated.AsSpan(0, Terminated.Length - 1);
}

/// <summary>An open directory: what it holds, and the directories below and above it by one step.</summary>
internal sealed unsafe class DirectoryDescriptor(int fd) : IDisposable
{
    private const int BufferBytes = 32 * 1024;
    private const int ReadFlags = LibC.O_RDONLY | LibC.O_DIRECTORY | LibC.O_CLOEXEC;

    public int Fd { get; } = fd;

    /// <exception cref="LinuxException">It is missing or no directory.</exception>
    public static DirectoryDescriptor Open(string path) =>
        TryOpen(path) ?? throw Failure.Of("open directory", path);

    public static DirectoryDescriptor? TryOpen(string path) => Of(LibC.openPath(path, ReadFlags, 0));

    /// <summary>The directory of a name in this one; null, with the reason in errno, also when it is a link or a mount point.</summary>
    public DirectoryDescriptor? TryOpenChild(byte[] terminatedName)
    {
        fixed (byte* name = terminatedName)
        {
            return Of(LibC.openat2(
                Fd, name, ReadFlags | LibC.O_NOFOLLOW, LibC.RESOLVE_NO_XDEV | LibC.RESOLVE_NO_SYMLINKS | LibC.RESOLVE_BENEATH));
        }
    }

    public DirectoryDescriptor? TryOpenParent()
    {
        fixed (byte* name = "..\0"u8)
        {
            return Of(LibC.openat2(Fd, name, ReadFlags, LibC.RESOLVE_NO_XDEV));
        }
    }

    public FileStatus Status => FileStatus.TryRead(Fd) ?? throw new LinuxException("stat a directory", LibC.Errno);

    /// <summary>Some of the names, from where the last call ended; none at the end.</summary>
    public List<DirectoryEntry> ReadSome()
    {
        var entries = new List<DirectoryEntry>();
        var buffer = stackalloc byte[BufferBytes];
        while (entries.Count == 0)
        {
            var length = LibC.getdents64(Fd, buffer, BufferBytes);
            if (length == 0 || (length < 0 && LibC.Errno == LibC.ENOENT))
            {
                // ENOENT: the directory itself has been removed meanwhile.
                break;
            }

            if (length < 0)
            {
                throw new LinuxException("read a directory", LibC.Errno);
            }

            Decode(buffer, (int)length, entries);
        }

        return entries;
    }

    /// <summary>All names.</summary>
    public List<DirectoryEntry> Names()
    {
        var all = new List<DirectoryEntry>();
        while (ReadSome() is { Count: > 0 } some)
        {
            all.AddRange(some);
        }

        return all;
    }

    public void Dispose() => _ = LibC.close(Fd);

    private static DirectoryDescriptor? Of(int fd) => fd < 0 ? null : new DirectoryDescriptor(fd);

    /// <summary>struct linux_dirent64: inode, offset, record length, type, name.</summary>
    private static void Decode(byte* buffer, int length, List<DirectoryEntry> entries)
    {
        const int LengthOffset = 16, TypeOffset = 18, NameOffset = 19;
        for (var at = 0; at < length; at += *(ushort*)(buffer + at + LengthOffset))
        {
            var name = MemoryMarshal.CreateReadOnlySpanFromNullTerminated(buffer + at + NameOffset);
            if (!name.SequenceEqual("."u8) && !name.SequenceEqual(".."u8))
            {
                entries.Add(new DirectoryEntry([.. name, 0], buffer[at + TypeOffset]));
            }
        }
    }
}
