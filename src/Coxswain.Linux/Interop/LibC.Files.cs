using System.Runtime.InteropServices;

namespace Coxswain.Linux.Interop;

/// <summary>The calls on files and directories. Paths are <see cref="PathMarshaller"/>'s: any bytes a name can have.</summary>
internal static unsafe partial class LibC
{
    public const int AT_FDCWD = -100;
    public const int AT_SYMLINK_NOFOLLOW = 0x100;
    public const int AT_REMOVEDIR = 0x200;
    public const int AT_EMPTY_PATH = 0x1000;
    public const int O_TRUNC = 0x200;
    public const int O_EXCL = 0x80;
    public const int O_DIRECTORY = 0x10000;
    public const int O_NOFOLLOW = 0x20000;
    public const int O_PATH = 0x200000;

    public const int EBUSY = 16;
    public const int EXDEV = 18;
    public const int ENOTDIR = 20;
    public const int EISDIR = 21;
    public const int ERANGE = 34;
    public const int ENOTEMPTY = 39;
    public const int ELOOP = 40;
    public const int ENODATA = 61;
    public const int EOPNOTSUPP = 95;

    public const ulong RESOLVE_NO_XDEV = 1;
    public const ulong RESOLVE_NO_MAGICLINKS = 2;
    public const ulong RESOLVE_NO_SYMLINKS = 4;
    public const ulong RESOLVE_BENEATH = 8;
    public const ulong RESOLVE_IN_ROOT = 16;

    private const nint OpenAt2Number = 437;
    private const int MostAttempts = 100;

    /// <summary>openat2(2); tried again when a rename elsewhere made the kernel unsure where <c>..</c> leads.</summary>
    public static int openat2(int directory, byte* path, int flags, ulong resolve, uint mode = 0)
    {
        var how = stackalloc ulong[3] { (ulong)(uint)flags, mode, resolve };
        for (var attempt = 0; ; attempt++)
        {
            var fd = (int)openat2(OpenAt2Number, directory, path, how, 3 * sizeof(ulong));
            if (fd >= 0 || Errno is not (EAGAIN or EINTR) || attempt == MostAttempts)
            {
                return fd;
            }
        }
    }

    [LibraryImport(Library, SetLastError = true, StringMarshallingCustomType = typeof(PathMarshaller))]
    public static partial int statx(int directory, string path, int flags, uint mask, byte* buffer);

    [LibraryImport(Library, EntryPoint = "statx", SetLastError = true)]
    public static partial int statxRaw(int directory, byte* path, int flags, uint mask, byte* buffer);

    [LibraryImport(Library, EntryPoint = "open", SetLastError = true, StringMarshallingCustomType = typeof(PathMarshaller))]
    public static partial int openPath(string path, int flags, int mode);

    [LibraryImport(Library, SetLastError = true)]
    public static partial nint getdents64(int directory, byte* buffer, nuint size);

    [LibraryImport(Library, SetLastError = true)]
    public static partial int unlinkat(int directory, byte* name, int flags);

    [LibraryImport(Library, SetLastError = true)]
    public static partial int mkdirat(int directory, byte* name, uint mode);

    [LibraryImport(Library, SetLastError = true)]
    public static partial int fchownat(int directory, byte* name, uint owner, uint group, int flags);

    [LibraryImport(Library, SetLastError = true, StringMarshallingCustomType = typeof(PathMarshaller))]
    public static partial int lchown(string path, uint owner, uint group);

    [LibraryImport(Library, SetLastError = true, StringMarshallingCustomType = typeof(PathMarshaller))]
    public static partial int chmod(string path, uint mode);

    [LibraryImport(Library, SetLastError = true)]
    public static partial int fchmod(int fd, uint mode);

    [LibraryImport(Library, SetLastError = true, StringMarshallingCustomType = typeof(PathMarshaller))]
    public static partial int utimensat(int directory, string path, long* times, int flags);

    [LibraryImport(Library, SetLastError = true, StringMarshallingCustomType = typeof(PathMarshaller))]
    public static partial int mkdir(string path, uint mode);

    [LibraryImport(Library, SetLastError = true, StringMarshallingCustomType = typeof(PathMarshaller))]
    public static partial int unlink(string path);

    [LibraryImport(Library, SetLastError = true, StringMarshallingCustomType = typeof(PathMarshaller))]
    public static partial int symlink(string target, string path);

    [LibraryImport(Library, SetLastError = true, StringMarshallingCustomType = typeof(PathMarshaller))]
    public static partial int linkat(int fromDirectory, string from, int toDirectory, string to, int flags);

    [LibraryImport(Library, SetLastError = true, StringMarshallingCustomType = typeof(PathMarshaller))]
    public static partial int mknod(string path, uint mode, ulong device);

    [LibraryImport(Library, SetLastError = true, StringMarshallingCustomType = typeof(PathMarshaller))]
    public static partial int rename(string from, string to);

    [LibraryImport(Library, SetLastError = true, StringMarshallingCustomType = typeof(PathMarshaller))]
    public static partial nint readlink(string path, byte* buffer, nuint size);

    [LibraryImport(Library, SetLastError = true, StringMarshallingCustomType = typeof(PathMarshaller))]
    public static partial byte* realpath(string path, byte* resolved);

    [LibraryImport(Library, SetLastError = true, StringMarshallingCustomType = typeof(PathMarshaller))]
    public static partial nint llistxattr(string path, byte* buffer, nuint size);

    [LibraryImport(Library, SetLastError = true, StringMarshallingCustomType = typeof(PathMarshaller))]
    public static partial nint lgetxattr(string path, string name, byte* value, nuint size);

    [LibraryImport(Library, SetLastError = true, StringMarshallingCustomType = typeof(PathMarshaller))]
    public static partial int lsetxattr(string path, string name, byte* value, nuint size, int flags);

    [LibraryImport(Library, SetLastError = true, StringMarshallingCustomType = typeof(PathMarshaller))]
    public static partial int lremovexattr(string path, string name);

    [LibraryImport(Library, SetLastError = true)]
    public static partial int fsync(int fd);

    [LibraryImport(Library, SetLastError = true)]
    public static partial int syncfs(int fd);

    [LibraryImport(Library, SetLastError = true)]
    public static partial int flock(int fd, int operation);

    [LibraryImport(Library, EntryPoint = "syscall", SetLastError = true)]
    private static partial nint openat2(nint number, int directory, byte* path, ulong* how, nuint size);
}
