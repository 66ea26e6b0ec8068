namespace Coxswain.Engine.Images.Files;

/// <summary>Removal and attribute copying for trees that hold devices, links and odd modes.</summary>
internal static class FileTree
{
    /// <summary>Removes a file or a whole tree; nothing there is fine. Links are removed, never followed.</summary>
    public static void Remove(string path)
    {
        if (Posix.TryStatus(path) is not { } status)
        {
            return;
        }

        if (!status.IsDirectory)
        {
            File.Delete(path);
            return;
        }

        foreach (var name in Names(path))
        {
            Remove(Path.Combine(path, name));
        }

        Directory.Delete(path);
    }

    /// <summary>The names in a directory, in byte order, so that every walk is the same.</summary>
    public static IReadOnlyList<string> Names(string directory)
    {
        var names = new List<string>();
        foreach (var entry in Directory.EnumerateFileSystemEntries(directory))
        {
            names.Add(Path.GetFileName(entry));
        }

        names.Sort(StringComparer.Ordinal);
        return names;
    }

    /// <summary>Gives a directory or file the owner, mode, attributes and times of another.</summary>
    public static void CopyMetadata(string from, FileStatus status, string to)
    {
        Posix.ChangeOwner(to, status.Uid, status.Gid);
        if (!status.IsSymbolicLink)
        {
            Posix.ChangeMode(to, status.Permissions);
        }

        foreach (var name in Posix.ListAttributes(from))
        {
            // Overlayfs' own marks speak of the layer they were made in.
            if (!name.StartsWith("trusted.overlay.", StringComparison.Ordinal) && Posix.TryGetAttribute(from, name) is { } value)
            {
                Posix.SetAttribute(to, name, value);
            }
        }

        Posix.SetModified(to, status.ModifiedSeconds, status.ModifiedNanoseconds);
    }

    /// <summary>Copies one file that is not a directory, with all its metadata.</summary>
    public static void CopyEntry(string from, FileStatus status, string to)
    {
        if (status.IsRegular)
        {
            File.Copy(from, to, overwrite: true);
        }
        else if (status.IsSymbolicLink)
        {
            Posix.MakeSymbolicLink(Posix.ReadLink(from), to);
        }
        else if (status.IsFifo)
        {
            Posix.MakeFifo(to, status.Permissions);
        }
        else if (status.IsCharacterDevice || status.IsBlockDevice)
        {
            Posix.MakeDevice(to, status.IsBlockDevice, status.Permissions, status.DeviceMajor, status.DeviceMinor);
        }
        else
        {
            return;
        }

        CopyMetadata(from, status, to);
    }
}
