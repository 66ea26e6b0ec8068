namespace Coxswain.Store.Sqlite;

/// <summary>
/// A file beside the database that only takes up room. It is given up when the disk is full, so that what makes room, a
/// delete, can still be written; and taken again when there is twice as much free.
/// </summary>
/// <remarks>Used by the writer's thread alone. A disk too small to have one is used without.</remarks>
internal sealed class DiskReserve(string databasePath, long bytes)
{
    private readonly string _path = databasePath + "-reserve";

    /// <summary>The disk was full, and is not known to have room again.</summary>
    public bool IsSpent { get; private set; }

    /// <summary>The history that may be kept while the reserve is what there is to write with.</summary>
    public long HistoryBytes => IsSpent ? bytes / 4 : long.MaxValue;

    /// <summary>Takes the room if it is there; whether the reserve is held now.</summary>
    public bool TryHold()
    {
        try
        {
            var file = new FileInfo(_path);
            if (!file.Exists || file.Length != bytes)
            {
                file.Delete();
                if (new DriveInfo(file.DirectoryName!).AvailableFreeSpace < bytes * 2)
                {
                    return false;
                }

                Allocate();
            }

            IsSpent = false;
            return true;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            // As full as it was.
            return false;
        }
    }

    /// <summary>Gives the room up. False when that was done before: there is nothing left to try.</summary>
    public bool Spend()
    {
        if (IsSpent)
        {
            return false;
        }

        IsSpent = true;
        File.Delete(_path);
        return true;
    }

    private void Allocate()
    {
        using var stream = new FileStream(_path, new FileStreamOptions
        {
            Mode = FileMode.CreateNew,
            Access = FileAccess.Write,
            PreallocationSize = bytes,
            UnixCreateMode = StoreFiles.Private,
        });
        stream.SetLength(bytes);
    }
}
