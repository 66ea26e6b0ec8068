using System.Runtime.InteropServices;
using System.Text;

namespace Coxswain.Store.Sqlite;

/// <summary>One connection to a database file, used by one thread. Failures name the file and what was being done.</summary>
internal sealed unsafe class SqliteConnection : IDisposable
{
    private readonly string _path;
    private int* _logFrames = (int*)NativeMemory.AllocZeroed(sizeof(int));
    private nint _handle;

    public SqliteConnection(string path)
    {
        _path = path;
        var code = Native.Open(path, out _handle, Native.OpenReadWrite | Native.OpenCreate | Native.OpenNoMutex, null);
        if (code != Native.Ok)
        {
            var failure = Failure("open", code);
            Dispose();
            throw failure;
        }

        _ = Native.UseExtendedCodes(_handle, 1);
        _ = Native.BusyTimeout(_handle, 10_000);

        // Replaces SQLite's own checkpoint after a commit, which would hold up the writer.
        Native.SetLogHook(_handle, &Native.RememberLogFrames, _logFrames);
    }

    /// <summary>Pages in the write-ahead log after this connection's last commit.</summary>
    public int LogFrames => *_logFrames;

    public bool IsInTransaction => Native.IsOutsideTransaction(_handle) == 0;

    public SqliteStatement Prepare(string sql)
    {
        var bytes = Encoding.UTF8.GetBytes(sql);
        fixed (byte* text = bytes)
        {
            var code = Native.Prepare(_handle, text, bytes.Length, out var statement, out _);
            return code == Native.Ok ? new SqliteStatement(this, statement, sql) : throw Failure(sql, code);
        }
    }

    public void Execute(string sql)
    {
        using var statement = Prepare(sql);
        while (statement.Step())
        {
        }
    }

    /// <summary>The first column of the first row, as text; empty when there is no row.</summary>
    public string Ask(string sql)
    {
        using var statement = Prepare(sql);
        return statement.Step() ? statement.Text(0) : string.Empty;
    }

    /// <summary>
    /// Copies what it can of the log into the database without waiting for anyone. A log copied to its end is begun
    /// anew by the next write.
    /// </summary>
    public void CheckpointPassively()
    {
        var code = Native.Checkpoint(_handle, null, Native.CheckpointPassive, out _, out _);
        if (code is not (Native.Ok or Native.Busy))
        {
            throw Failure("checkpoint", code);
        }
    }

    public StoreException Failure(string doing, int code)
    {
        var message = Marshal.PtrToStringUTF8(_handle == 0 ? Native.ErrorString(code) : Native.ErrorMessage(_handle));
        return new StoreException($"database {_path}: {doing}: {message} (SQLite code {code})");
    }

    public void Dispose()
    {
        if (_handle != 0)
        {
            _ = Native.Close(_handle);
            _handle = 0;
        }

        NativeMemory.Free(_logFrames);
        _logFrames = null;
    }
}
