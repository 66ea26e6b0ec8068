using Coxswain.Linux.Interop;

namespace Coxswain.Linux.Files;

/// <summary>Owner, mode and time of a path. Only <see cref="ChangeMode"/> follows a symbolic link: a link has no mode.</summary>
public static class FileMetadata
{
    /// <param name="uid">Null leaves the owner as it is.</param>
    /// <param name="gid">Null leaves the group as it is.</param>
    public static void ChangeOwner(string path, uint? uid, uint? gid) =>
        Failure.Check(LibC.lchown(path, uid ?? uint.MaxValue, gid ?? uint.MaxValue), "change the owner of", path);

    /// <param name="permissions">The twelve lowest bits of the mode.</param>
    public static void ChangeMode(string path, uint permissions) =>
        Failure.Check(LibC.chmod(path, permissions & 0xFFF), "change the mode of", path);

    public static unsafe void SetModified(string path, long seconds, uint nanoseconds)
    {
        var times = stackalloc long[4] { seconds, nanoseconds, seconds, nanoseconds };
        Failure.Check(LibC.utimensat(LibC.AT_FDCWD, path, times, LibC.AT_SYMLINK_NOFOLLOW), "set the times of", path);
    }
}
