using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Coxswain.Store.Sqlite;

/// <summary>
/// The calls the store makes to the distribution's SQLite. Bound directly: a blob is bound from pinned memory without
/// a copy, and a statement is stepped without an ADO.NET command around it.
/// </summary>
internal static unsafe partial class Native
{
    public const int Ok = 0;
    public const int Busy = 5;
    public const int IoError = 10;
    public const int Full = 13;
    public const int CannotOpen = 14;
    public const int Row = 100;
    public const int Done = 101;

    public const int OpenReadWrite = 0x2;

    /// <summary>A connection belongs to one thread.</summary>
    public const int OpenNoMutex = 0x8000;

    public const int CheckpointPassive = 0;

    public const int TypeNull = 5;

    public const int NoSpaceOnDevice = 28;
    public const int OverQuota = 122;

    private const string Library = "libsqlite3.so.0";

    [LibraryImport(Library, EntryPoint = "sqlite3_open_v2", StringMarshalling = StringMarshalling.Utf8)]
    public static partial int Open(string path, out nint connection, int flags, string? vfs);

    [LibraryImport(Library, EntryPoint = "sqlite3_close_v2")]
    public static partial int Close(nint connection);

    [LibraryImport(Library, EntryPoint = "sqlite3_errmsg")]
    public static partial nint ErrorMessage(nint connection);

    [LibraryImport(Library, EntryPoint = "sqlite3_errstr")]
    public static partial nint ErrorString(int code);

    /// <summary>The errno of the last call that failed.</summary>
    [LibraryImport(Library, EntryPoint = "sqlite3_system_errno")]
    public static partial int SystemError(nint connection);

    [LibraryImport(Library, EntryPoint = "sqlite3_extended_result_codes")]
    public static partial int UseExtendedCodes(nint connection, int on);

    [LibraryImport(Library, EntryPoint = "sqlite3_busy_timeout")]
    public static partial int BusyTimeout(nint connection, int milliseconds);

    [LibraryImport(Library, EntryPoint = "sqlite3_prepare_v2")]
    public static partial int Prepare(nint connection, byte* sql, int length, out nint statement, out byte* tail);

    [LibraryImport(Library, EntryPoint = "sqlite3_step")]
    public static partial int Step(nint statement);

    [LibraryImport(Library, EntryPoint = "sqlite3_reset")]
    public static partial int Reset(nint statement);

    [LibraryImport(Library, EntryPoint = "sqlite3_finalize")]
    public static partial int Finalize(nint statement);

    [LibraryImport(Library, EntryPoint = "sqlite3_bind_int64")]
    public static partial int BindInteger(nint statement, int at, long value);

    /// <param name="destructor">0: the memory outlives the step.</param>
    [LibraryImport(Library, EntryPoint = "sqlite3_bind_text")]
    public static partial int BindText(nint statement, int at, byte* text, int length, nint destructor);

    [LibraryImport(Library, EntryPoint = "sqlite3_bind_blob")]
    public static partial int BindBlob(nint statement, int at, byte* blob, int length, nint destructor);

    [LibraryImport(Library, EntryPoint = "sqlite3_bind_null")]
    public static partial int BindNull(nint statement, int at);

    [LibraryImport(Library, EntryPoint = "sqlite3_column_int64")]
    public static partial long ColumnInteger(nint statement, int at);

    [LibraryImport(Library, EntryPoint = "sqlite3_column_type")]
    public static partial int ColumnType(nint statement, int at);

    [LibraryImport(Library, EntryPoint = "sqlite3_column_blob")]
    public static partial byte* ColumnBlob(nint statement, int at);

    [LibraryImport(Library, EntryPoint = "sqlite3_column_bytes")]
    public static partial int ColumnBytes(nint statement, int at);

    [LibraryImport(Library, EntryPoint = "sqlite3_get_autocommit")]
    public static partial int IsOutsideTransaction(nint connection);

    [LibraryImport(Library, EntryPoint = "sqlite3_wal_checkpoint_v2")]
    public static partial int Checkpoint(
        nint connection, byte* database, int mode, out int framesInLog, out int framesCheckpointed);

    [LibraryImport(Library, EntryPoint = "sqlite3_wal_hook")]
    public static partial nint SetLogHook(
        nint connection, delegate* unmanaged[Cdecl]<int*, nint, byte*, int, int> hook, int* frames);

    /// <summary>After a commit SQLite tells how long its log is; remembered where the connection can see it.</summary>
    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    public static int RememberLogFrames(int* frames, nint connection, byte* database, int count)
    {
        *frames = count;
        return Ok;
    }
}
