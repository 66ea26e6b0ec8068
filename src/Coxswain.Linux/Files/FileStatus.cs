using Coxswain.Linux.Interop;

namespace Coxswain.Linux.Files;

/// <summary>What <c>lstat</c> says of a path: never follows a symbolic link in the last component.</summary>
/// <param name="Inode">Unique together with <paramref name="Device"/>.</param>
/// <param name="AllocatedBytes">What it takes on the disk; less than <paramref name="Size"/> for a file with holes.</param>
public readonly record struct FileStatus(
    uint RawMode, uint Uid, uint Gid, long Size, ulong Inode, ulong Device, uint LinkCount,
    uint DeviceMajor, uint DeviceMinor, long ModifiedSeconds, uint ModifiedNanoseconds, long AllocatedBytes)
{
    private const uint TypeMask = 0xF000;
    private const uint BasicStats = 0x7FF;

    public uint Permissions => RawMode & 0xFFF;

    public bool IsDirectory => (RawMode & TypeMask) == 0x4000;

    public bool IsRegular => (RawMode & TypeMask) == 0x8000;

    public bool IsSymbolicLink => (RawMode & TypeMask) == 0xA000;

    public bool IsCharacterDevice => (RawMode & TypeMask) == 0x2000;

    public bool IsBlockDevice => (RawMode & TypeMask) == 0x6000;

    public bool IsFifo => (RawMode & TypeMask) == 0x1000;

    public bool IsSocket => (RawMode & TypeMask) == 0xC000;

    /// <summary>Overlayfs marks a deleted name with a character device 0/0.</summary>
    public bool IsWhiteout => IsCharacterDevice && DeviceMajor == 0 && DeviceMinor == 0;

    /// <summary>The status of a path, or null when nothing is there.</summary>
    public static unsafe FileStatus? TryRead(string path)
    {
        var buffer = stackalloc byte[256];
        if (LibC.statx(LibC.AT_FDCWD, path, LibC.AT_SYMLINK_NOFOLLOW, BasicStats, buffer) == 0)
        {
            return Decode(buffer);
        }

        var errno = LibC.Errno;
        return errno is LibC.ENOENT or LibC.ENOTDIR ? null : throw new LinuxException($"stat {RawName.Display(path)}", errno);
    }

    public static FileStatus Read(string path) =>
        TryRead(path) ?? throw new LinuxException($"stat {RawName.Display(path)}", LibC.ENOENT);

    /// <summary>Of an open descriptor; null with <see cref="LibC.Errno"/> set when the kernel refuses.</summary>
    internal static unsafe FileStatus? TryRead(int fd)
    {
        byte empty = 0;
        return TryRead(fd, &empty, LibC.AT_EMPTY_PATH);
    }

    /// <summary>Of a name in an open directory.</summary>
    internal static unsafe FileStatus? TryRead(int directory, byte* name, int flags = LibC.AT_SYMLINK_NOFOLLOW)
    {
        var buffer = stackalloc byte[256];
        return LibC.statxRaw(directory, name, flags, BasicStats, buffer) == 0 ? Decode(buffer) : null;
    }

    /// <summary>struct statx, the same on every architecture.</summary>
    private static unsafe FileStatus Decode(byte* buffer) => new(
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
        ModifiedNanoseconds: *(uint*)(buffer + 120),
        AllocatedBytes: *(long*)(buffer + 48) * 512);
}
