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
        var code = Native.Open(path, out _handle, Native.OpenReadWrite | Native.OpenNoMutex, null);
        if (code != Native.Ok)
        {
            var failure = Failure("open", code);
            Dispose();
            throw failure;
        }

        _ = Native.UseExtendedCodes(_handle, 1);
        _ = Native.BusyTimeout(_handle, 10_000);

        // Replaces SQLite's own checkpoint after a commit: the writer chooses the moment.
        Native.SetLogHook(_handle, &Native.RememberLogFrames, _logFrames);
    }

    /// <summary>
    /// Pages in the write-ahead log after this connection's last commit; 0 once it has copied the log to its end.
    /// </summary>
    public int LogFrames => *_logFrames;

    /// <summary>See <see cref="SqliteTuning.Fault"/>.</summary>
    public Func<string, int>? Fault { get; init; }

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
    /// anew by the next write. False when another connection is copying.
    /// </summary>
    public bool Checkpoint()
    {
        var code = Fault?.Invoke("checkpoint") ?? Native.Ok;
        if (code == Native.Ok)
        {
            code = Native.Checkpoint(_handle, null, Native.CheckpointPassive, out var frames, out var copied);
            if (code == Native.Ok && copied == frames)
            {
                *_logFrames = 0;
            }
        }

        if (code is not (Native.Ok or Native.Busy))
        {
            throw Failure("checkpoint", code);
        }

        return code == Native.Ok;
    }

    public StoreException Failure(string doing, int code)
    {
        var message = Marshal.PtrToStringUTF8(_handle == 0 ? Native.ErrorString(code) : Native.ErrorMessage(_handle));
        return new StoreException(
            $"database {_path}: {doing}: {message} (SQLite code {code})",
            failure: IsNoSpace(code) ? StoreFailure.NoSpace : StoreFailure.Broken);
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

    private bool IsNoSpace(int code) => (code & 0xFF) switch
    {
        Native.Full => true,
        Native.IoError or Native.CannotOpen when _handle != 0 =>
            Native.SystemError(_handle) is Native.NoSpaceOnDevice or Native.OverQuota,
        _ => false,
    };
}
