using Coxswain.Linux.Files;

namespace Coxswain.Node.Volumes;

/// <summary>Gives a volume to a pod's fsGroup: the group may read and write, and new files are the group's.</summary>
internal static class VolumeOwnership
{
    private const UnixFileMode GroupDirectory =
        UnixFileMode.GroupRead | UnixFileMode.GroupWrite | UnixFileMode.GroupExecute | UnixFileMode.SetGroup;

    /// <param name="readOnly">For volumes whose files we write: the group may only read.</param>
    public static void Apply(string directory, long group, bool readOnly)
    {
        ApplyTo(new DirectoryInfo(directory), group, readOnly);
        foreach (var entry in new DirectoryInfo(directory).EnumerateFileSystemInfos("*", SearchOption.AllDirectories))
        {
            ApplyTo(entry, group, readOnly);
        }
    }

    private static void ApplyTo(FileSystemInfo entry, long group, bool readOnly)
    {
        FileMetadata.ChangeOwner(entry.FullName, null, (uint)group);
        if (entry.LinkTarget is not null)
        {
            return;
        }

        var mode = File.GetUnixFileMode(entry.FullName);
        if (entry is DirectoryInfo)
        {
            mode |= readOnly ? GroupDirectory & ~UnixFileMode.GroupWrite : GroupDirectory;
        }
        else
        {
            mode |= readOnly ? UnixFileMode.GroupRead : UnixFileMode.GroupRead | UnixFileMode.GroupWrite;
        }

        File.SetUnixFileMode(entry.FullName, mode);
    }
}
