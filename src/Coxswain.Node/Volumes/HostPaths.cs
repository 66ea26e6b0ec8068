using Coxswain.Api.Core.V1;

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
                break;
            case HostPathType.DirectoryOrCreate:
                if (!File.Exists(path))
                {
                    Directory.CreateDirectory(path);
                }

                Require(Directory.Exists(path), path, "a directory");
                break;
            case HostPathType.Directory:
                Require(Directory.Exists(path), path, "a directory");
                break;
            case HostPathType.FileOrCreate:
                if (!Directory.Exists(path) && !File.Exists(path))
                {
                    using (File.Create(path))
                    {
                    }

                    File.SetUnixFileMode(path, FileMode);
                }

                Require(File.Exists(path), path, "a file");
                break;
            case HostPathType.File:
                Require(File.Exists(path), path, "a file");
                break;
            case HostPathType.Socket:
                Require(File.Exists(path), path, "a socket file");
                break;
            case HostPathType.CharDevice:
                Require(File.Exists(path), path, "a character device");
                break;
            case HostPathType.BlockDevice:
                Require(File.Exists(path), path, "a block device");
                break;
            default:
                throw new VolumeException($"hostPath type check failed: {type} is an invalid volume type");
        }
    }

    private static void Require(bool holds, string path, string what)
    {
        if (!holds)
        {
            throw new VolumeException($"hostPath type check failed: {path} is not {what}");
        }
    }
}
