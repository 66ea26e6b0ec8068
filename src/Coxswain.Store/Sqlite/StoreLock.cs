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
            var file = new FileStream(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
            file.SetLength(0);
            file.Write(Encoding.ASCII.GetBytes($"{Environment.ProcessId}\n"));
            file.Flush();
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

    private static string? Holder(string path)
    {
        try
        {
            using var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite);
            using var reader = new StreamReader(file);
            return reader.ReadLine() is { Length: > 0 } holder ? holder : null;
        }
        catch (IOException)
        {
            return null;
        }
    }
}
