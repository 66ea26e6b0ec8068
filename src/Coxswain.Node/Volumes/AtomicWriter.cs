using System.Globalization;
using Coxswain.Linux.Files;

namespace Coxswain.Node.Volumes;

/// <param name="Mode">Permission bits.</param>
internal sealed record VolumeFile(ReadOnlyMemory<byte> Content, int Mode, long? Owner = null);

/// <summary>
/// Writes a set of files so that a reader sees all of the old or all of the new ones. The files lie in a directory of their
/// own, <c>..data</c> is a symbolic link to it that is swapped by a rename, and each visible name leads through it.
/// </summary>
internal static class AtomicWriter
{
    private const string DataLink = "..data";
    private const string NewDataLink = "..data_tmp";

    private const UnixFileMode DirectoryMode = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute
        | UnixFileMode.GroupRead | UnixFileMode.GroupExecute | UnixFileMode.OtherRead | UnixFileMode.OtherExecute;

    /// <summary>True when the files were written, false when they were there already.</summary>
    /// <param name="prepare">Called with the new directory before anyone sees it.</param>
    public static bool Write(
        string directory, IReadOnlyDictionary<string, VolumeFile> files, DateTimeOffset now, Action<string>? prepare = null)
    {
        Directory.CreateDirectory(directory);
        var link = Path.Combine(directory, DataLink);
        var old = new FileInfo(link).LinkTarget;
        if (old is not null && IsSame(Path.Combine(directory, old), files))
        {
            // A run that was killed after the swap may not have got to the names, nor to what it replaced.
            LinkNames(directory, files.Keys);
            RemoveOld(directory, old);
            return false;
        }

        var name = NewName(directory, now);
        WriteAll(Path.Combine(directory, name), files);
        prepare?.Invoke(Path.Combine(directory, name));

        var newLink = Path.Combine(directory, NewDataLink);
        File.Delete(newLink); // Of a killed run.
        File.CreateSymbolicLink(newLink, name);
        FileNodes.Rename(newLink, link);
        LinkNames(directory, files.Keys);
        RemoveOld(directory, name);
        return true;
    }

    private static string NewName(string directory, DateTimeOffset now)
    {
        var stem = now.UtcDateTime.ToString("'..'yyyy_MM_dd_HH_mm_ss.", CultureInfo.InvariantCulture);
        for (var i = 0; ; i++)
        {
            if (!Directory.Exists(Path.Combine(directory, stem + i)))
            {
                return stem + i;
            }
        }
    }

    private static void WriteAll(string directory, IReadOnlyDictionary<string, VolumeFile> files)
    {
        Make(directory);
        foreach (var (name, file) in files)
        {
            var path = Path.Combine(directory, name);
            for (var parent = Path.GetDirectoryName(path)!; !Directory.Exists(parent);) // Below directory, so it has a parent.
            {
                Make(parent);
            }

            using (var stream = new FileStream(path, FileMode.CreateNew, FileAccess.Write))
            {
                stream.Write(file.Content.Span);
            }

            // Set afterwards: the mode given to open is cut by our umask.
            File.SetUnixFileMode(path, (UnixFileMode)file.Mode);
            if (file.Owner is { } owner)
            {
                FileMetadata.ChangeOwner(path, (uint)owner, null);
            }
        }
    }

    private static void Make(string directory)
    {
        Directory.CreateDirectory(directory);
        File.SetUnixFileMode(directory, DirectoryMode);
    }

    /// <summary>One link for the first part of each path; links of names that went are removed after the swap.</summary>
    private static void LinkNames(string directory, IEnumerable<string> names)
    {
        var wanted = names.Select(name => name.Split('/')[0]).ToHashSet(StringComparer.Ordinal);
        foreach (var name in wanted)
        {
            var path = Path.Combine(directory, name);
            if (new FileInfo(path).LinkTarget is null)
            {
                File.CreateSymbolicLink(path, Path.Combine(DataLink, name));
            }
        }

        foreach (var entry in new DirectoryInfo(directory).EnumerateFileSystemInfos())
        {
            if (entry.LinkTarget is not null && entry.Name != DataLink && !wanted.Contains(entry.Name))
            {
                entry.Delete();
            }
        }
    }

    /// <summary>Data that nothing leads to any more.</summary>
    private static void RemoveOld(string directory, string current)
    {
        foreach (var entry in new DirectoryInfo(directory).EnumerateDirectories("..*").ToList())
        {
            if (entry.LinkTarget is null && entry.Name != current)
            {
                TreeRemover.Remove(entry.FullName);
            }
        }
    }

    private static bool IsSame(string directory, IReadOnlyDictionary<string, VolumeFile> files)
    {
        if (!Directory.Exists(directory))
        {
            return false;
        }

        var there = Directory.EnumerateFiles(directory, "*", SearchOption.AllDirectories).ToList();
        return there.Count == files.Count
            && files.All(file => Path.Combine(directory, file.Key) is var path
                && File.Exists(path) && File.ReadAllBytes(path).AsSpan().SequenceEqual(file.Value.Content.Span));
    }
}
