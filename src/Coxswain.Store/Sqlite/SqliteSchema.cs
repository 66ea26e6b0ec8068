namespace Coxswain.Store.Sqlite;

/// <summary>What is in a store's database file, and how a file becomes one.</summary>
internal static class SqliteSchema
{
    private const int ApplicationId = 0x436F7873;
    private const int Version = 1;

    /// <summary>
    /// Opens the database, creating it if there is none. A file that is not a store is left as it is.
    /// </summary>
    public static SqliteConnection Open(string path, SqliteTuning tuning)
    {
        if (!File.Exists(path))
        {
            Create(path);
        }
        else if (new FileInfo(path).Length == 0)
        {
            throw new StoreException(
                $"database {path} is empty, which a store never is: put a copy of it back, or remove it to begin anew");
        }

        var connection = new SqliteConnection(path) { Fault = tuning.Fault };
        try
        {
            Check(path, connection);
            StoreFiles.MakePrivate(path);
            if (connection.Ask("PRAGMA journal_mode = WAL") != "wal")
            {
                throw new StoreException($"database {path}: the file system does not support a write-ahead log");
            }

            connection.Execute("PRAGMA synchronous = FULL");
            connection.Execute("PRAGMA secure_delete = OFF");
            connection.Execute("PRAGMA journal_size_limit = 67108864");
            return connection;
        }
        catch
        {
            connection.Dispose();
            throw;
        }
    }

    /// <summary>Made whole under another name: what stands under the database's own is a store, whenever the power goes.</summary>
    private static void Create(string path)
    {
        if (File.Exists(path + "-wal"))
        {
            throw new StoreException(
                $"database {path} is missing but its log {path}-wal is there: put it back, or remove the log to begin anew");
        }

        var unfinished = path + ".new";
        File.Delete(unfinished);
        File.Delete(unfinished + "-journal");
        new FileStream(unfinished, new FileStreamOptions
        {
            Mode = FileMode.CreateNew, Access = FileAccess.Write, UnixCreateMode = StoreFiles.Private,
        }).Dispose();
        using (var connection = new SqliteConnection(unfinished))
        {
            // Larger pages than SQLite's own choice: an API object is one to four KiB, and a page holds several.
            connection.Execute("PRAGMA page_size = 8192");
            connection.Execute("PRAGMA synchronous = FULL");
            connection.Execute("BEGIN IMMEDIATE");
            connection.Execute(
                "CREATE TABLE log (revision INTEGER PRIMARY KEY, created INTEGER NOT NULL, key TEXT NOT NULL, value BLOB)");
            connection.Execute("CREATE TABLE compaction (revision INTEGER NOT NULL)");
            connection.Execute("INSERT INTO compaction VALUES (0)");
            connection.Execute($"PRAGMA application_id = {ApplicationId}");
            connection.Execute($"PRAGMA user_version = {Version}");
            connection.Execute("COMMIT");
        }

        File.Move(unfinished, path);
        StoreFiles.Sync(Path.GetDirectoryName(Path.GetFullPath(path))!); // a file has a directory
    }

    private static void Check(string path, SqliteConnection connection)
    {
        if (connection.Ask("PRAGMA application_id") != $"{ApplicationId}")
        {
            throw new StoreException($"database {path} is not a coxswain store");
        }

        if (connection.Ask("PRAGMA user_version") is var version && version != $"{Version}")
        {
            throw new StoreException(
                $"database {path} has schema version {version}, this program knows version {Version}");
        }
    }
}
