using Coxswain.Store.Core;
using Microsoft.Extensions.Logging;

namespace Coxswain.Store.Sqlite;

/// <summary>
/// The durable store of one server: everything is read from memory, as in <see cref="Memory.MemoryStore"/>, and every
/// write waits until SQLite has it on disk.
/// </summary>
public sealed class SqliteStore : IStore
{
    private readonly StoreCore _core;
    private readonly SqliteWriter _writer;

    private SqliteStore(StoreCore core, SqliteWriter writer)
    {
        _core = core;
        _writer = writer;
    }

    /// <summary>Waits for the disk so far.</summary>
    internal long Commits => _writer.Commits;

    /// <summary>
    /// Opens or creates the database at <paramref name="path"/>, readable by its owner only, and holds it against other
    /// processes. Throws <see cref="StoreException"/> when it is in use, damaged, or not a store.
    /// </summary>
    /// <remarks>
    /// On a full disk it opens nevertheless, and takes deletes and updates that hardly grow a value; other writes fail
    /// with <see cref="StoreFailure.NoSpace"/> until there is room.
    /// </remarks>
    public static Task<SqliteStore> OpenAsync(
        string path, StoreOptions options, TimeProvider time, ILogger logger, CancellationToken cancellationToken) =>
        OpenAsync(path, options, new SqliteTuning(), time, logger, cancellationToken);

    internal static async Task<SqliteStore> OpenAsync(
        string path,
        StoreOptions options,
        SqliteTuning tuning,
        TimeProvider time,
        ILogger logger,
        CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        var writer = new SqliteWriter(path, options, tuning, time, logger);
        try
        {
            var store = new SqliteStore(await writer.OpenAsync(), writer);
            if (cancellationToken.IsCancellationRequested)
            {
                await store.DisposeAsync();
                throw new OperationCanceledException(cancellationToken);
            }

            return store;
        }
        catch (StoreException)
        {
            // What the thread opened before it failed is closed when this returns, so a retry finds it free.
            await writer.Stopped;
            throw;
        }
    }

    public ValueTask<long> GetRevisionAsync(CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        _core.ThrowIfClosed();
        return ValueTask.FromResult(_core.State.Revision);
    }

    public ValueTask<StoreEntry?> GetAsync(string key, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        return ValueTask.FromResult(_core.Get(key));
    }

    public ValueTask<ListResult> ListAsync(ListQuery query, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        return ValueTask.FromResult(_core.List(query));
    }

    public ValueTask<WriteResult> WriteAsync(StoreWrite write, CancellationToken cancellationToken)
    {
        StoreCore.CheckKey(write.Key);
        return _writer.Queue.AddAsync(new PendingWrite(write, null, cancellationToken));
    }

    public ValueTask<WatchResult> WatchAsync(string prefix, long afterRevision, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        return ValueTask.FromResult(_core.Watch(prefix, afterRevision));
    }

    public ValueTask<IPrefixFollower> FollowAsync(string prefix, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        return ValueTask.FromResult(_core.Follow(prefix));
    }

    public async ValueTask CompactAsync(long revision, CancellationToken cancellationToken)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(revision);
        await _writer.Queue.AddAsync(new PendingWrite(default, revision, cancellationToken));
    }

    public async ValueTask DisposeAsync()
    {
        _writer.Queue.Close();
        await _writer.Stopped;
        _core.Close();
    }
}
