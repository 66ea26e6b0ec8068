namespace Coxswain.Linux.Mounts;

/// <summary>The mount table of our mount namespace.</summary>
public interface IMounts
{
    /// <summary>Mounts; the target must exist.</summary>
    void Mount(MountRequest request);

    /// <summary>
    /// As <see cref="Mount"/>, with relative paths in <see cref="MountRequest.Data"/> meant from
    /// <paramref name="directory"/>: the kernel takes one page of options, too little for many long paths.
    /// </summary>
    void MountFrom(string directory, MountRequest request);

    /// <summary>Unmounts lazily (what is still in use goes when its user does). Nothing mounted there, or no such path, is success.</summary>
    void Unmount(string target);

    /// <summary>All mounts, in the order they were made.</summary>
    IReadOnlyList<MountInfo> List();
}

/// <param name="Source">What to mount: a device, a directory for a bind mount, or any word for a virtual file system.</param>
/// <param name="Type">The file system; empty for a bind mount or remount.</param>
/// <param name="Data">Options the file system itself reads, e.g. <c>size=1m,mode=700</c>.</param>
public sealed record MountRequest(string Source, string Target, string Type, MountFlags Flags = MountFlags.None, string Data = "")
{
    public static MountRequest Bind(string source, string target, bool recursive = true) =>
        new(source, target, "", MountFlags.Bind | (recursive ? MountFlags.Recursive : MountFlags.None));

    public static MountRequest Tmpfs(string target, string options = "") =>
        new("tmpfs", target, "tmpfs", MountFlags.NoSuid | MountFlags.NoDev, options);
}

/// <summary>The flags of mount(2), by their kernel values.</summary>
[Flags]
public enum MountFlags
{
    None = 0,
    ReadOnly = 1,
    NoSuid = 2,
    NoDev = 4,
    NoExec = 8,
    Remount = 32,
    Bind = 4096,
    Recursive = 16384,
    Private = 1 << 18,
    Slave = 1 << 19,
    Shared = 1 << 20,
}
