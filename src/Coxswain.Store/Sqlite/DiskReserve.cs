using Microsoft.Win32.SafeHandles;

namespace Coxswain.Store.Sqlite;

/// <summary>
/// A file beside the database that only takes up room. When the disk is full its room is given to the database and its
/// log, before others can take it, so that what makes room, a delete, can still be written. It is taken again when there
/// is twice as much free.
/// </summary>
/// <remarks>
/// Used by the writer's thread alone. A database never gives room back to its disk, so where there is none for the file,
/// as much of it unused inside the database does as well.
/// </remarks>
internal sealed class DiskReserve(string databasePath, long bytesMost)
{
    /// <summary>Pages of 8 KiB in the log, 32 MB, that make a checkpoint worth its two waits for the disk.</summary>
    private const int DueFrames = 4_096;

    private const int PageBytes = 8_192;

    private readonly string _path = databasePath + "-reserve";
    private long _bytes;
    private long _held;

    /// <summary>Open until the end: closing a file lets go of every lock that SQLite has on it in this process.</summary>
    private SafeFileHandle? _database;

    /// <summary>Whether only what makes room, or takes next to none, is written.</summary>
    public bool IsFull { get; private set; }

    /// <summary>
    /// Pages in the log that make a checkpoint due: what they add to the database fits a quarter of the reserve, and on a
    /// full disk the log hardly grows.
    /// </summary>
    public int LogFrames => (int)Math.Min(DueFrames, _bytes / 4 / PageBytes) / (IsFull ? 8 : 1);

    /// <summary>The history that may be kept while the reserve is what there is to write with.</summary>
    public long HistoryBytes => IsFull ? _bytes / 4 : long.MaxValue;

    /// <summary>Takes what an earlier process left, or what there is room for. A small disk has a small reserve.</summary>
    public void Open()
    {
        _bytes = Math.Min(bytesMost, Disk().TotalSize / 16);
        _held = File.Exists(_path) ? new FileInfo(_path).Length : 0;
        TakeWhole();
    }

    /// <summary>Looks whether there is room again, or no more.</summary>
    /// <param name="insideDatabase">The bytes of pages that the database does not use.</param>
    public void Look(Func<long> insideDatabase)
    {
        if (_held >= _bytes || TakeWhole())
        {
            IsFull = false;
            return;
        }

        var room = Disk().AvailableFreeSpace + _held + insideDatabase();
        IsFull = room < (IsFull ? _bytes * 2 : _bytes);
    }

    /// <summary>Gives the room up. False when there is none left to give, and the disk was known to be full.</summary>
    public bool Spend()
    {
        var isNews = _held > 0 || !IsFull;
        IsFull = true;
        var given = _held;
        Release();
        if (given > 0)
        {
            Give(given);
        }

        return isNews;
    }

    /// <summary>At the end: keeps of the room there is what the next start needs, before others take it.</summary>
    public void Close()
    {
        _database?.Dispose();

        // What a file system says is free may be somewhat more than it gives.
        for (var bytes = Math.Min(_bytes, Disk().AvailableFreeSpace); _held == 0 && bytes > PageBytes; bytes -= bytes / 8)
        {
            TryTake(bytes);
        }
    }

    /// <summary>
    /// Takes room beyond the ends of both files. A file system that cannot, or neighbours who were faster, leave them to
    /// grow as they may.
    /// </summary>
    private void Give(long bytes)
    {
        _database ??= StoreFiles.OpenToGrow(databasePath);
        using var log = StoreFiles.OpenToGrow(databasePath + "-wal");

        // Some is left for the log's index. What a stop could save is little and for the log, which gives it back at the
        // next stop; a database never does.
        var isWhole = bytes == _bytes;
        TakeRoom(log, isWhole ? bytes / 4 : bytes / 2);
        TakeRoom(_database, isWhole ? bytes / 2 : 0);

        static void TakeRoom(SafeFileHandle file, long more)
        {
            if (more > 0 && !file.IsInvalid)
            {
                StoreFiles.TakeRoom(file, RandomAccess.GetLength(file), more);
            }
        }
    }

    private bool TakeWhole()
    {
        if (_held < _bytes && Disk().AvailableFreeSpace + _held >= _bytes * 2)
        {
            Release();
            TryTake(_bytes);
        }

        return _held >= _bytes;
    }

    private void Release()
    {
        File.Delete(_path);
        _held = 0;
    }

    private void TryTake(long bytes)
    {
        try
        {
            using var stream = new FileStream(_path, new FileStreamOptions
            {
                Mode = FileMode.CreateNew,
                Access = FileAccess.Write,
                PreallocationSize = bytes,
                UnixCreateMode = StoreFiles.Private,
            });
            stream.SetLength(bytes);
            _held = bytes;
        }
        catch (IOException)
        {
            // Others were faster.
            File.Delete(_path);
        }
    }

    private DriveInfo Disk() => new(Path.GetDirectoryName(Path.GetFullPath(_path))!); // a file has a directory
}
