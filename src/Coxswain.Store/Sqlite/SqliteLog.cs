using Coxswain.Store.History;
using Coxswain.Store.Tree;

namespace Coxswain.Store.Sqlite;

/// <summary>
/// The log in its database: one row a revision, appended; nothing is ever updated. The newest row of a key is its
/// entry. A row leaves when it is compacted and no longer the newest of its key.
/// </summary>
/// <remarks>
/// The newest revision is the greatest row, or what was compacted if every row up to there is gone; so it outlives a
/// deletion that was the last write. Every revision after the compacted one has its row: a gap means damage.
/// </remarks>
internal sealed class SqliteLog : IDisposable
{
    private const int ApplicationId = 0x436F7873;
    private const int SchemaVersion = 1;

    private readonly string _path;
    private readonly SqliteConnection _connection;
    private readonly SqliteStatement _begin;
    private readonly SqliteStatement _insert;
    private readonly SqliteStatement _delete;
    private readonly SqliteStatement _compact;
    private readonly SqliteStatement _commit;

    /// <summary>Rows that compaction no longer needs, waiting to be deleted a few at a time.</summary>
    private readonly Queue<long> _dead = new();

    private SqliteLog(string path, SqliteConnection connection)
    {
        _path = path;
        _connection = connection;
        _begin = connection.Prepare("BEGIN IMMEDIATE");
        _insert = connection.Prepare("INSERT INTO log (revision, created, key, value) VALUES (?1, ?2, ?3, ?4)");
        _delete = connection.Prepare("DELETE FROM log WHERE revision = ?1");
        _compact = connection.Prepare("UPDATE compaction SET revision = ?1");
        _commit = connection.Prepare("COMMIT");
    }

    public int LogFrames => _connection.LogFrames;

    public int DeadRows => _dead.Count;

    public static SqliteLog Open(string path)
    {
        var connection = new SqliteConnection(path);
        try
        {
            Prepare(path, connection);
            return new SqliteLog(path, connection);
        }
        catch
        {
            connection.Dispose();
            throw;
        }
    }

    /// <summary>Reads the whole database, and notes the rows that a compaction before the last stop left behind.</summary>
    public StoreState Recover(TimeProvider time)
    {
        var compacted = long.Parse(_connection.Ask("SELECT revision FROM compaction"));
        using var rows = _connection.Prepare("SELECT revision, created, key, value FROM log ORDER BY revision");
        var entries = new Dictionary<string, StoreEntry>(StringComparer.Ordinal);
        var hasRow = rows.Step();
        for (; hasRow && rows.Integer(0) <= compacted; hasRow = rows.Step())
        {
            RecoverEntry(rows, entries);
        }

        var sorted = entries.Values.ToArray();
        Array.Sort(sorted, static (a, b) => string.CompareOrdinal(a.Key, b.Key));
        var state = StoreState.Beginning(compacted, EntryTree.FromSorted(sorted));
        while (hasRow)
        {
            // In steps: a batch holds on to every version of the tree in it.
            var batch = new WriteBatch(state);
            for (; hasRow && batch.Events.Count < LogSegment.Size; hasRow = rows.Step())
            {
                RecoverEvent(rows, batch);
            }

            state = state.With(batch.Events, time.GetTimestamp());
        }

        return state;
    }

    /// <summary>Makes a batch durable: one transaction, one wait for the disk. Throws, and changed nothing, if it cannot.</summary>
    public void Write(WriteBatch batch) => InTransaction(() =>
    {
        foreach (var (storeEvent, _) in batch.Events)
        {
            _insert.Bind(1, storeEvent.Revision);
            _insert.Bind(2, storeEvent.Entry?.CreateRevision ?? 0);
            _insert.Run(3, storeEvent.Key, 4, storeEvent.Entry?.Value);
        }

        // Rows die as fast as they are written; deleting somewhat more than that keeps up.
        return DeleteDead(32 + batch.Events.Count * 2);
    });

    /// <summary>Records a compaction; the rows go later, with other writes or when there is nothing else to do.</summary>
    public void Compact(StoreState state, long revision)
    {
        InTransaction(() =>
        {
            _compact.Run(revision);
            return [];
        });
        for (var at = state.Compacted + 1; at <= revision; at++)
        {
            var storeEvent = state.SegmentOf(at)[at];
            if (storeEvent.Previous is { } previous)
            {
                _dead.Enqueue(previous.ModRevision);
            }

            if (storeEvent.Type == StoreEventType.Deleted)
            {
                _dead.Enqueue(at);
            }
        }
    }

    /// <summary>Deletes some dead rows in a transaction of their own, small enough that a write hardly waits for it.</summary>
    public void DeleteSome() => InTransaction(() => DeleteDead(256));

    public void Checkpoint() => _connection.CheckpointPassively();

    public void Dispose()
    {
        _begin.Dispose();
        _insert.Dispose();
        _delete.Dispose();
        _compact.Dispose();
        _commit.Dispose();
        _connection.Dispose();
    }

    private static void Prepare(string path, SqliteConnection connection)
    {
        // Larger pages than SQLite's own choice: an API object is one to four KiB, and a page holds several.
        connection.Execute("PRAGMA page_size = 8192");
        if (connection.Ask("PRAGMA journal_mode = WAL") != "wal")
        {
            throw new StoreException($"database {path}: the file system does not support a write-ahead log");
        }

        connection.Execute("PRAGMA synchronous = FULL");
        connection.Execute("PRAGMA secure_delete = OFF");
        connection.Execute("PRAGMA journal_size_limit = 67108864");
        var isNew = connection.Ask("SELECT count(*) FROM sqlite_schema") == "0";
        if (isNew)
        {
            connection.Execute("BEGIN IMMEDIATE");
            connection.Execute(
                "CREATE TABLE log (revision INTEGER PRIMARY KEY, created INTEGER NOT NULL, key TEXT NOT NULL, value BLOB)");
            connection.Execute("CREATE TABLE compaction (revision INTEGER NOT NULL)");
            connection.Execute("INSERT INTO compaction VALUES (0)");
            connection.Execute($"PRAGMA application_id = {ApplicationId}");
            connection.Execute($"PRAGMA user_version = {SchemaVersion}");
            connection.Execute("COMMIT");
        }
        else if (connection.Ask("PRAGMA application_id") != $"{ApplicationId}")
        {
            throw new StoreException($"database {path} is not a coxswain store");
        }

        if (connection.Ask("PRAGMA user_version") is var version && version != $"{SchemaVersion}")
        {
            throw new StoreException(
                $"database {path} has schema version {version}, this program knows version {SchemaVersion}");
        }
    }

    private void RecoverEntry(SqliteStatement row, Dictionary<string, StoreEntry> entries)
    {
        var (revision, created, key) = (row.Integer(0), row.Integer(1), row.Text(2));
        if (entries.Remove(key, out var previous))
        {
            _dead.Enqueue(previous.ModRevision);
        }

        if (row.Blob(3) is { } value)
        {
            entries.Add(key, new StoreEntry(key, value, created, revision));
        }
        else
        {
            _dead.Enqueue(revision);
        }
    }

    private void RecoverEvent(SqliteStatement row, WriteBatch batch)
    {
        var (revision, created, key) = (row.Integer(0), row.Integer(1), row.Text(2));
        var before = batch.Revision;
        var result = batch.Apply(new StoreWrite(key, row.Blob(3), null));
        var recovered = batch.Revision == before ? null : batch.Events[^1].Event;
        if (recovered?.Revision != revision || (recovered.Entry?.CreateRevision ?? 0) != created)
        {
            throw new StoreException(
                $"database {_path} is damaged: revision {revision} ({key}) does not follow revision {before}");
        }
    }

    private void InTransaction(Func<List<long>> work)
    {
        List<long> deleted = [];
        try
        {
            _begin.Run();
            deleted = work();
            _commit.Run();
        }
        catch
        {
            deleted.ForEach(_dead.Enqueue);
            if (_connection.IsInTransaction)
            {
                _connection.Execute("ROLLBACK");
            }

            throw;
        }
    }

    /// <summary>Deletes and returns rows. One that fails is only forgotten until the next start finds it again.</summary>
    private List<long> DeleteDead(int most)
    {
        var deleted = new List<long>();
        while (deleted.Count < most && _dead.TryDequeue(out var revision))
        {
            deleted.Add(revision);
            _delete.Run(revision);
        }

        return deleted;
    }
}
