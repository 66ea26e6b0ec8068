namespace Coxswain.Engine.Images.Files;

/// <summary>What <c>lstat</c> says of a path: never follows a symbolic link in the last component.</summary>
internal readonly record struct FileStatus(
    uint RawMode, uint Uid, uint Gid, long Size, ulong Inode, ulong Device, uint LinkCount,
    uint DeviceMajor, uint DeviceMinor, long ModifiedSeconds, uint ModifiedNanoseconds)
{
    private const uint TypeMask = 0xF000;

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
}
