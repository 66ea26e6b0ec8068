using System.Runtime.InteropServices;
using System.Text;
using Microsoft.Win32.SafeHandles;

namespace Coxswain.Store.Sqlite;

/// <summary>
/// Holds a database for one process. The kernel lets go of it when the process dies, however it dies, so a leftover
/// file means nothing.
/// </summary>
internal sealed partial class StoreLock : IDisposable
{
    private const int ReadOnlyCloseOnExec = 0x80000;

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
        // Opening through the runtime would ask for a shared lock and fail as well.
        using var handle = new SafeFileHandle(Open(path, ReadOnlyCloseOnExec), ownsHandle: true);
        if (handle.IsInvalid)
        {
            return null;
        }

        Span<byte> content = stackalloc byte[32];
        var holder = Encoding.ASCII.GetString(content[..RandomAccess.Read(handle, content, 0)]).Trim();
        return holder.Length > 0 ? holder : null;
    }

    [LibraryImport("libc", EntryPoint = "open", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Open(string path, int flags);
}
