using Coxswain.Api.Core.V1;
using Coxswain.Linux.Files;

namespace Coxswain.Node.Volumes;

/// <summary>Checks a hostPath volume against the type it claims to be, making what may be made.</summary>
internal static class HostPaths
{
    private const UnixFileMode FileMode = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead | UnixFileMode.OtherRead;

    public static void Check(string path, string? type)
    {
        switch (type ?? "")
        {
            case "":
                // The kubelet checks nothing, and containerd makes a directory of what it is to mount and is not there.
                MakeDirectory(path);
                break;
            case HostPathType.DirectoryOrCreate:
                MakeDirectory(path);
                Require(Find(path) is { IsDirectory: true }, path, "a directory");
                break;
            case HostPathType.Directory:
                Require(Find(path) is { IsDirectory: true }, path, "a directory");
                break;
            case HostPathType.FileOrCreate:
                if (Find(path) is null)
                {
                    using (new FileStream(path, System.IO.FileMode.OpenOrCreate, FileAccess.Write))
                    {
                    }

                    File.SetUnixFileMode(path, FileMode);
                }

                Require(Find(path) is { IsDirectory: false }, path, "a file");
                break;
            case HostPathType.File:
                Require(Find(path) is { IsDirectory: false }, path, "a file");
                break;
            case HostPathType.Socket:
                Require(Find(path) is { IsSocket: true }, path, "a socket file");
                break;
            case HostPathType.CharDevice:
                Require(Find(path) is { IsCharacterDevice: true }, path, "a character device");
                break;
            case HostPathType.BlockDevice:
                Require(Find(path) is { IsBlockDevice: true }, path, "a block device");
                break;
            default:
                throw new VolumeException($"hostPath type check failed: {type} is an invalid volume type");
        }
    }

    private static void MakeDirectory(string path)
    {
        if (Find(path) is null)
        {
            Directory.CreateDirectory(path);
        }
    }

    /// <summary>What a path leads to, links followed; null when nothing is there.</summary>
    private static FileStatus? Find(string path) =>
        FileStatus.TryRead(path) is { IsSymbolicLink: true } ? FileStatus.TryRead(FileNodes.RealPath(path)) : FileStatus.TryRead(path);

    private static void Require(bool holds, string path, string what)
    {
        if (!holds)
        {
            throw new VolumeException($"hostPath type check failed: {path} is not {what}");
        }
    }
}
