using Coxswain.Linux.Interop;

namespace Coxswain.Linux.Files;

/// <summary>
/// One file, directory or link, held by a descriptor, so that what is checked is what is used: nobody can put another thing
/// under its name in between. A link itself is held, not what it leads to.
/// </summary>
public sealed unsafe class PinnedPath : IDisposable
{
    private const int Flags = LibC.O_PATH | LibC.O_NOFOLLOW | LibC.O_CLOEXEC;

    private readonly int _fd;
    private readonly string _name;

    private PinnedPath(int fd, string name)
    {
        _fd = fd;
        _name = name;
        Status = FileStatus.TryRead(fd) ?? throw Failure.Of("stat", name);
    }

    /// <summary>As it was when it was pinned.</summary>
    public FileStatus Status { get; }

    /// <summary>A name by which this process, and a mount, reach just this thing until it is disposed.</summary>
    public string ShortPath => $"/proc/self/fd/{_fd}";

    /// <summary>Follows links in all but the last part of the path.</summary>
    public static PinnedPath Open(string path)
    {
        var fd = LibC.openPath(path, Flags, 0);
        Failure.Check(fd, "open", path);
        return new PinnedPath(fd, path);
    }

    /// <summary>
    /// What a relative path leads to below this directory, links followed; null when nothing is there. A path that leaves it,
    /// by a link or by <c>..</c>, is an error. Mounts below are entered.
    /// </summary>
    public PinnedPath? OpenBeneath(string relativePath) => OpenBelow(relativePath, LibC.RESOLVE_BENEATH);

    /// <summary>The same as a process sees it whose root this directory is: absolute links and <c>..</c> stay inside.</summary>
    public PinnedPath? OpenInRoot(string path) => OpenBelow(path, LibC.RESOLVE_IN_ROOT);

    /// <summary>Makes a directory of one name in this one unless it is there.</summary>
    public void MakeDirectory(string name, uint permissions)
    {
        fixed (byte* bytes = Terminated(name))
        {
            if (LibC.mkdirat(_fd, bytes, permissions) != 0 && LibC.Errno is var errno and not LibC.EEXIST)
            {
                throw Failure.Of("make directory", $"{_name}/{name}", errno);
            }
        }
    }

    /// <param name="uid">Null leaves the owner as it is.</param>
    /// <param name="gid">Null leaves the group as it is.</param>
    public void ChangeOwner(uint? uid, uint? gid)
    {
        byte empty = 0;
        Failure.Check(
            LibC.fchownat(_fd, &empty, uid ?? uint.MaxValue, gid ?? uint.MaxValue, LibC.AT_EMPTY_PATH), "change the owner of", _name);
    }

    /// <summary>Links have no mode: for them it does nothing.</summary>
    public void ChangeMode(uint permissions)
    {
        if (!Status.IsSymbolicLink)
        {
            Failure.Check(LibC.chmod(ShortPath, permissions & 0xFFF), "change the mode of", _name);
        }
    }

    /// <summary>The content of a regular file; anything else, a FIFO for example, is an error and never waited for.</summary>
    public FileStream OpenRead()
    {
        if (!Status.IsRegular)
        {
            throw new LinuxException($"open {RawName.Display(_name)}: not a regular file");
        }

        var fd = LibC.openPath(ShortPath, LibC.O_RDONLY | LibC.O_NONBLOCK | LibC.O_CLOEXEC, 0);
        Failure.Check(fd, "open", _name);
        return RawFile.Stream(fd, _name, FileAccess.Read);
    }

    public void Dispose() => _ = LibC.close(_fd);

    /// <summary>One name of a directory; null, with the reason in errno, also for a mount point.</summary>
    internal static PinnedPath? TryOpen(DirectoryDescriptor directory, byte[] terminatedName)
    {
        fixed (byte* name = terminatedName)
        {
            var fd = LibC.openat2(directory.Fd, name, Flags, LibC.RESOLVE_NO_XDEV | LibC.RESOLVE_NO_SYMLINKS);
            return fd < 0 ? null : new PinnedPath(fd, RawName.FromBytes(terminatedName.AsSpan()[..^1]));
        }
    }

    private PinnedPath? OpenBelow(string path, ulong scope)
    {
        fixed (byte* bytes = Terminated(path))
        {
            var fd = LibC.openat2(_fd, bytes, LibC.O_PATH | LibC.O_CLOEXEC, scope | LibC.RESOLVE_NO_MAGICLINKS);
            if (fd >= 0)
            {
                return new PinnedPath(fd, $"{_name}/{path}");
            }

            var errno = LibC.Errno;
            return errno is LibC.ENOENT or LibC.ENOTDIR
                ? null
                : throw (errno == LibC.EXDEV
                    ? new LinuxException($"{RawName.Display(path)} leads out of {RawName.Display(_name)}", errno)
                    : Failure.Of("open", $"{_name}/{path}", errno));
        }
    }

    private static byte[] Terminated(string path) => [.. RawName.ToBytes(path.Length == 0 ? "." : path), 0];
}
