using Coxswain.Store.Core;
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
    private readonly string _path;
    private readonly SqliteTuning _tuning;
    private readonly IStoredValues? _values;
    private readonly SqliteConnection _connection;
    private readonly SqliteStatement _begin;
    private readonly SqliteStatement _insert;
    private readonly SqliteStatement _delete;
    private readonly SqliteStatement _compact;
    private readonly SqliteStatement _commit;

    /// <summary>
    /// Rows that compaction no longer needs, waiting to be deleted a few at a time and in this order: a value goes before
    /// the deletion of its key, or a start between the two would find the key alive.
    /// </summary>
    private readonly Queue<long> _dead = new();
    private long _commits;

    /// <param name="values">How values stand on the disk; null for as they are.</param>
    public SqliteLog(string path, SqliteTuning tuning, IStoredValues? values = null)
    {
        _path = path;
        _values = values;
        _tuning = tuning;
        _connection = SqliteSchema.Open(path, tuning);
        try
        {
            _begin = _connection.Prepare("BEGIN IMMEDIATE");
            _insert = _connection.Prepare("INSERT INTO log (revision, created, key, value) VALUES (?1, ?2, ?3, ?4)");
            _delete = _connection.Prepare("DELETE FROM log WHERE revision = ?1");
            _compact = _connection.Prepare("UPDATE compaction SET revision = ?1");
            _commit = _connection.Prepare("COMMIT");
        }
        catch
        {
            // What was prepared of it goes with the connection.
            _connection.Dispose();
            throw;
        }
    }

    public int LogFrames => _connection.LogFrames;

    public int DeadRows => _dead.Count;

    /// <summary>Bytes of pages that nothing is stored in: the file keeps them for what comes.</summary>
    public long UnusedBytes =>
        long.Parse(_connection.Ask("PRAGMA freelist_count")) * long.Parse(_connection.Ask("PRAGMA page_size"));

    /// <summary>Waits for the disk so far; read from any thread.</summary>
    public long Commits => Volatile.Read(ref _commits);

    /// <summary>Reads the whole database, and notes the rows that a compaction before the last stop left behind.</summary>
    public StoreState Recover(StoreOptions options, TimeProvider time)
    {
        if (!long.TryParse(_connection.Ask("SELECT revision FROM compaction"), out var compacted) || compacted < 0)
        {
            throw Damaged("it does not say what was compacted");
        }

        using var rows = _connection.Prepare("SELECT revision, created, key, value FROM log ORDER BY revision");
        var entries = new Dictionary<string, StoreEntry>(StringComparer.Ordinal);
        var hasRow = rows.Step();
        for (; hasRow && rows.Integer(0) <= compacted; hasRow = rows.Step())
        {
            RecoverEntry(rows, entries);
        }

        var sorted = entries.Values.ToArray();
        Array.Sort(sorted, static (a, b) => string.CompareOrdinal(a.Key, b.Key));
        var state = StoreState.Beginning(compacted, EntryTree.FromSorted(sorted), options);
        while (hasRow)
        {
            // In steps: a batch holds on to every version of the tree in it.
            var batch = new WriteBatch(state, _ => rows.Integer(0));
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
            _insert.Run(3, storeEvent.Key, 4, storeEvent.Entry is { } entry ? ToDisk(entry) : default(ReadOnlyMemory<byte>?));
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
            return 0;
        });
        for (var at = state.SegmentAfter(state.Compacted); at < state.Segments.Length; at++)
        {
            foreach (var storeEvent in state.Segments[at].Between(state.Compacted, revision))
            {
                if (storeEvent.Previous is { } previous)
                {
                    _dead.Enqueue(previous.ModRevision);
                }

                if (storeEvent.Type == StoreEventType.Deleted)
                {
                    _dead.Enqueue(storeEvent.Revision);
                }
            }
        }
    }

    /// <summary>Deletes some dead rows in a transaction of their own, small enough that a write hardly waits for it.</summary>
    public void DeleteSome() => InTransaction(() => DeleteDead(256));

    /// <summary>See <see cref="SqliteConnection.Checkpoint"/>.</summary>
    public bool Checkpoint() => _connection.Checkpoint();

    public void Dispose()
    {
        _begin.Dispose();
        _insert.Dispose();
        _delete.Dispose();
        _compact.Dispose();
        _commit.Dispose();
        _connection.Dispose();
    }

    private void RecoverEntry(SqliteStatement row, Dictionary<string, StoreEntry> entries)
    {
        var (revision, created, key) = Read(row);
        if (entries.Remove(key, out var previous))
        {
            _dead.Enqueue(previous.ModRevision);
        }

        if (ValueOf(row, key) is { } value)
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
        var (revision, created, key) = Read(row);
        var before = batch.Revision;
        batch.Apply(new StoreWrite(key, ValueOf(row, key), null));
        var recovered = batch.Revision == before ? null : batch.Events[^1].Event;
        var isNext = revision == before + 1 || _tuning.Successor is not null;
        if (recovered is null || !isNext || (recovered.Entry?.CreateRevision ?? 0) != created)
        {
            throw Damaged($"revision {revision} ({key}) does not follow revision {before}");
        }
    }

    private ReadOnlyMemory<byte> ToDisk(StoreEntry entry) => _values?.ToDisk(entry.Key, entry.Value) ?? entry.Value;

    private ReadOnlyMemory<byte>? ValueOf(SqliteStatement row, string key) =>
        row.Blob(3) is { } value ? _values?.FromDisk(key, value) ?? value : default(ReadOnlyMemory<byte>?);

    private (long Revision, long Created, string Key) Read(SqliteStatement row)
    {
        var (revision, created, key) = (row.Integer(0), row.Integer(1), row.Text(2));
        return revision > 0 && created >= 0 && created <= revision && StoreCore.IsKey(key)
            ? (revision, created, key)
            : throw Damaged($"revision {revision} cannot be");
    }

    private StoreException Damaged(string how) => new($"database {_path} is damaged: {how}");

    /// <param name="work">Says how many of the dead rows it deleted: they are dead until that is durable.</param>
    private void InTransaction(Func<int> work)
    {
        try
        {
            _begin.Run();
            var deleted = work();
            _commit.Run();
            for (; deleted > 0; deleted--)
            {
                _dead.Dequeue();
            }
        }
        catch
        {
            if (_connection.IsInTransaction)
            {
                _connection.Execute("ROLLBACK");
            }

            throw;
        }

        Volatile.Write(ref _commits, _commits + 1);
    }

    private int DeleteDead(int most)
    {
        var deleted = 0;
        foreach (var revision in _dead)
        {
            if (deleted == most)
            {
                break;
            }

            _delete.Run(revision);
            deleted++;
        }

        return deleted;
    }
}
