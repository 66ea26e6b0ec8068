using Coxswain.Linux.Interop;

namespace Coxswain.Linux.Files;

/// <summary>The extended attributes of a path; of a symbolic link its own.</summary>
public static unsafe class ExtendedAttributes
{
    private const int FewBytes = 4096;

    /// <summary>XATTR_SIZE_MAX and XATTR_LIST_MAX: the kernel keeps no more.</summary>
    private const int MostBytes = 65536;

    /// <summary>Empty where the file system has none.</summary>
    public static IReadOnlyList<string> List(string path)
    {
        var needed = LibC.llistxattr(path, null, 0);
        if (needed == 0)
        {
            return [];
        }

        if (needed < 0)
        {
            var errno = LibC.Errno;
            return errno == LibC.EOPNOTSUPP ? [] : throw Failure.Of("list attributes of", path, errno);
        }

        var buffer = new byte[MostBytes];
        fixed (byte* start = buffer)
        {
            var length = LibC.llistxattr(path, start, MostBytes);
            Failure.Check(length, "list attributes of", path);
            return RawName.FromBytes(buffer.AsSpan(0, (int)length)).Split('\0', StringSplitOptions.RemoveEmptyEntries);
        }
    }

    public static byte[]? TryGet(string path, string name)
    {
        var buffer = stackalloc byte[FewBytes];
        var length = LibC.lgetxattr(path, name, buffer, FewBytes);
        if (length >= 0)
        {
            return new ReadOnlySpan<byte>(buffer, (int)length).ToArray();
        }

        var errno = LibC.Errno;
        if (errno is LibC.ENODATA or LibC.EOPNOTSUPP)
        {
            return null;
        }

        if (errno != LibC.ERANGE)
        {
            throw Failure.Of($"get attribute {name} of", path, errno);
        }

        var large = new byte[MostBytes];
        fixed (byte* start = large)
        {
            length = LibC.lgetxattr(path, name, start, MostBytes);
            Failure.Check(length, $"get attribute {name} of", path);
            return large[..(int)length];
        }
    }

    public static void Set(string path, string name, ReadOnlySpan<byte> value)
    {
        fixed (byte* start = value)
        {
            Failure.Check(LibC.lsetxattr(path, name, start, (nuint)value.Length, 0), $"set attribute {name} of", path);
        }
    }

    public static void Remove(string path, string name) =>
        Failure.Check(LibC.lremovexattr(path, name), $"remove attribute {name} of", path);
}
