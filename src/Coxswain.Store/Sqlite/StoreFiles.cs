using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Coxswain.Store.Sqlite;

/// <summary>
/// The files of a database: for their owner only, because every Secret is in them, and there after a power cut.
/// </summary>
/// <remarks>It asks the kernel itself, as the store references no other project and so can be taken out of this one.</remarks>
internal static partial class StoreFiles
{
    public const UnixFileMode Private = UnixFileMode.UserRead | UnixFileMode.UserWrite;

    private const UnixFileMode PrivateDirectory = Private | UnixFileMode.UserExecute;
    private const int ReadOnlyCloseOnExec = 0x80000;
    private const int ReadWriteCloseOnExec = 0x80002;
    private const int KeepSize = 1;

    /// <summary>Creates what is missing of a path, closed to others. A directory that is there stays as it is.</summary>
    public static void CreateDirectory(string directory)
    {
        if (Directory.Exists(directory))
        {
            return;
        }

        var parent = Path.GetDirectoryName(directory);
        if (parent is not null)
        {
            CreateDirectory(parent);
        }

        Directory.CreateDirectory(directory, PrivateDirectory);
        if (parent is not null)
        {
            Sync(parent);
        }
    }

    /// <summary>Closes files to others that an older version, or a copy, left open. SQLite gives its own the database's mode.</summary>
    public static void MakePrivate(string databasePath)
    {
        foreach (var path in new[] { databasePath, databasePath + "-wal", databasePath + "-shm" })
        {
            if (File.Exists(path) && (File.GetUnixFileMode(path) & ~Private) != 0)
            {
                File.SetUnixFileMode(path, Private);
            }
        }
    }

    /// <summary>A new file's name is on disk only when its directory is.</summary>
    public static void Sync(string directory)
    {
        using var handle = OpenToRead(directory);
        if (handle.IsInvalid)
        {
            throw new IOException($"open {directory}: {Marshal.GetLastPInvokeErrorMessage()}");
        }

        RandomAccess.FlushToDisk(handle);
    }

    /// <summary>Opens without asking for a lock, as the runtime would; the handle may be invalid.</summary>
    public static SafeFileHandle OpenToRead(string path) => new(Open(path, ReadOnlyCloseOnExec), ownsHandle: true);

    /// <summary>The same, to write. A missing file is not made.</summary>
    public static SafeFileHandle OpenToGrow(string path) => new(Open(path, ReadWriteCloseOnExec), ownsHandle: true);

    /// <summary>Takes room for a file beyond its end, without making it longer, if there is room.</summary>
    public static void TakeRoom(SafeFileHandle file, long from, long bytes) => _ = Allocate(file, KeepSize, from, bytes);

    [LibraryImport("libc", EntryPoint = "fallocate")]
    private static partial int Allocate(SafeFileHandle file, int mode, long from, long bytes);

    [LibraryImport("libc", EntryPoint = "open", StringMarshalling = StringMarshalling.Utf8, SetLastError = true)]
    private static partial int Open(string path, int flags);
}
