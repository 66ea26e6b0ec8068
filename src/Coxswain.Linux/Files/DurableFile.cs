using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Coxswain.Linux.Interop;
using Microsoft.Win32.SafeHandles;

namespace Coxswain.Linux.Files;

/// <summary>What reading a file that must outlive a power cut found.</summary>
public enum DurableRead
{
    Missing,

    /// <summary>It is there, but empty, filled with zeros, cut off or too large: what a crash leaves of a file nobody synced.</summary>
    Damaged,

    Whole,
}

/// <summary>Small files that are replaced in one step and that are on the disk when the call returns.</summary>
public static class DurableFile
{
    public const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite;

    private const int MostBytes = 16 * 1024 * 1024;

    /// <summary>
    /// Writes aside (the path with <c>.new</c>), flushes, renames and flushes the directory: a reader and a crash see the old file or
    /// the new one. One writer a file at a time.
    /// </summary>
    /// <param name="mode">What the file gets, whatever our umask is.</param>
    public static void Write(string path, ReadOnlySpan<byte> content, UnixFileMode mode = OwnerOnly)
    {
        var aside = path + ".new";
        FileNodes.Remove(aside);
        try
        {
            var fd = LibC.openPath(
                aside, LibC.O_WRONLY | LibC.O_CREAT | LibC.O_EXCL | LibC.O_NOFOLLOW | LibC.O_CLOEXEC, (int)OwnerOnly);
            Failure.Check(fd, "create", aside);
            using (var file = new SafeFileHandle(fd, ownsHandle: true))
            {
                Write(fd, content, aside);
                Failure.Check(LibC.fchmod(fd, (uint)mode), "change the mode of", aside);
                Failure.Check(LibC.fsync(fd), "flush", aside);
            }

            FileNodes.Rename(aside, path);
        }
        catch
        {
            // On a full disk this is what makes room again.
            _ = LibC.unlink(aside);
            throw;
        }

        SyncDirectory(Path.GetDirectoryName(Path.GetFullPath(path))!); // A file's path has a directory.
    }

    public static void WriteJson<T>(string path, T value, JsonTypeInfo<T> type, UnixFileMode mode = OwnerOnly) =>
        Write(path, JsonSerializer.SerializeToUtf8Bytes(value, type), mode);

    /// <param name="content">Empty unless the file is whole.</param>
    public static DurableRead Read(string path, out byte[] content, int mostBytes = MostBytes)
    {
        content = [];
        if (FileStatus.TryRead(path) is null)
        {
            return DurableRead.Missing;
        }

        try
        {
            using var file = RawFile.OpenRead(path);
            if (file.Length is 0 || file.Length > mostBytes)
            {
                return DurableRead.Damaged;
            }

            var bytes = new byte[file.Length];
            if (file.ReadAtLeast(bytes, bytes.Length, throwOnEndOfStream: false) < bytes.Length || !bytes.AsSpan().ContainsAnyExcept((byte)0))
            {
                return DurableRead.Damaged;
            }

            content = bytes;
            return DurableRead.Whole;
        }
        catch (LinuxException exception) when (exception.Errno == LibC.ENOENT)
        {
            return DurableRead.Missing;
        }
    }

    /// <summary>The same for a JSON document: one that cannot be read, or is <c>null</c>, is damaged.</summary>
    /// <param name="value">Set when the file is whole.</param>
    public static DurableRead ReadJson<T>(string path, JsonTypeInfo<T> type, out T? value, int mostBytes = MostBytes)
        where T : class
    {
        value = null;
        var read = Read(path, out var content, mostBytes);
        if (read != DurableRead.Whole)
        {
            return read;
        }

        try
        {
            value = JsonSerializer.Deserialize(content, type);
        }
        catch (JsonException)
        {
        }

        return value is null ? DurableRead.Damaged : DurableRead.Whole;
    }

    /// <summary>Flushes the names in a directory, so that a rename into it outlives a power cut.</summary>
    public static void SyncDirectory(string directory)
    {
        using var open = DirectoryDescriptor.Open(directory);
        Failure.Check(LibC.fsync(open.Fd), "flush", directory);
    }

    /// <summary>Flushes the whole file system that holds a directory: one call for many new files.</summary>
    public static void SyncFileSystem(string directory)
    {
        using var open = DirectoryDescriptor.Open(directory);
        Failure.Check(LibC.syncfs(open.Fd), "flush the file system of", directory);
    }

    private static unsafe void Write(int fd, ReadOnlySpan<byte> content, string path)
    {
        while (content.Length > 0)
        {
            fixed (byte* bytes = content)
            {
                var count = LibC.write(fd, bytes, content.Length);
                if (count < 0 && LibC.Errno != LibC.EINTR)
                {
                    throw Failure.Of("write", path);
                }

                content = content[(int)Math.Max(count, 0)..];
            }
        }
    }
}
