using Coxswain.Store.Core;
using Coxswain.Store.History;
using Coxswain.Store.Tree;

namespace Coxswain.Store.Memory;

/// <summary>
/// A store that lives as long as its process, for tests and simulations. The reference of the contract: what the
/// durable homes do with a disk, this does without one.
/// </summary>
public sealed class MemoryStore : IStore
{
    private readonly Lock _writer = new();
    private readonly StoreCore _core;

    public MemoryStore(StoreOptions options, TimeProvider time)
        : this(options, time, null)
    {
    }

    /// <param name="successor">The revision that follows another, for a store that skips some; null for the next.</param>
    internal MemoryStore(StoreOptions options, TimeProvider time, Func<long, long>? successor) =>
        _core = new StoreCore(StoreState.Beginning(0, EntryTree.Empty, options), options, time, successor);

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
        cancellationToken.ThrowIfCancellationRequested();
        StoreCore.CheckKey(write.Key);
        lock (_writer)
        {
            _core.ThrowIfClosed();
            var batch = _core.Begin();
            var result = batch.Apply(write);
            _core.Publish(batch);
            if (_core.DueCompaction() is { } due)
            {
                _core.Compact(due);
            }

            return ValueTask.FromResult(result);
        }
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

    public ValueTask CompactAsync(long revision, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        ArgumentOutOfRangeException.ThrowIfNegative(revision);
        lock (_writer)
        {
            _core.ThrowIfClosed();
            _core.Compact(Math.Min(revision, _core.State.Revision));
            return ValueTask.CompletedTask;
        }
    }

    public ValueTask DisposeAsync()
    {
        lock (_writer)
        {
            _core.Close();
            return ValueTask.CompletedTask;
        }
    }
}
