using System.Text;

namespace Coxswain.Store.Sqlite;

/// <summary>
/// Holds a database for one process. The kernel lets go of it when the process dies, however it dies, so a leftover
/// file means nothing.
/// </summary>
internal sealed class StoreLock : IDisposable
{
    private readonly FileStream _file;

    private StoreLock(FileStream file) => _file = file;

    public static StoreLock Take(string databasePath)
    {
        var path = databasePath + ".lock";
        try
        {
            // FileShare.None is flock(LOCK_EX | LOCK_NB) on Linux.
            var file = new FileStream(path, new FileStreamOptions
            {
                Mode = FileMode.OpenOrCreate,
                Access = FileAccess.ReadWrite,
                Share = FileShare.None,
                UnixCreateMode = StoreFiles.Private,
            });
            WriteHolder(file);
            return new StoreLock(file);
        }
        catch (UnauthorizedAccessException exception)
        {
            throw new StoreException($"database {databasePath}: lock {path}: {exception.Message}", exception);
        }
        catch (IOException exception)
        {
            var holder = Holder(path);
            throw new StoreException(
                holder is null
                    ? $"database {databasePath}: lock {path}: {exception.Message}"
                    : $"database {databasePath} is in use by process {holder}",
                exception);
        }
    }

    public void Dispose() => _file.Dispose();

    /// <summary>
    /// In place and always of the same length: a file that has it needs no space. On a full disk it may not be written
    /// at all; the lock holds nevertheless.
    /// </summary>
    private static void WriteHolder(FileStream file)
    {
        try
        {
            RandomAccess.Write(file.SafeFileHandle, Encoding.ASCII.GetBytes($"{Environment.ProcessId,-16}\n"), 0);
            RandomAccess.SetLength(file.SafeFileHandle, 17);
        }
        catch (IOException)
        {
            // Only the message for who finds it locked is poorer.
        }
    }

    private static string? Holder(string path)
    {
        // Opening through the runtime would ask for a shared lock and fail as well.
        using var handle = StoreFiles.OpenToRead(path);
        if (handle.IsInvalid)
        {
            return null;
        }

        Span<byte> content = stackalloc byte[32];
        var holder = Encoding.ASCII.GetString(content[..RandomAccess.Read(handle, content, 0)]).Trim();
        return holder.Length > 0 ? holder : null;
    }
}
