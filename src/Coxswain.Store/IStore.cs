namespace Coxswain.Store;

/// <summary>
/// A log of revisions over a sorted map from key to bytes. One writer orders all writes and gives each the next
/// revision; readers see immutable snapshots; watchers read the log. Knows keys and bytes, never what they mean.
/// </summary>
/// <remarks>
/// Every home (memory, sqlite, etcd) passes the same contract suite. All members are safe to call concurrently.
/// Expected outcomes (conflict, compacted, a revision of the future) are values, never exceptions.
/// </remarks>
public interface IStore : IAsyncDisposable
{
    /// <summary>The newest durable revision. 0 for a store that was never written to.</summary>
    ValueTask<long> GetRevisionAsync(CancellationToken cancellationToken);

    /// <summary>The newest entry of <paramref name="key"/>, or null when the key does not exist.</summary>
    ValueTask<StoreEntry?> GetAsync(string key, CancellationToken cancellationToken);

    /// <summary>A range of keys in ordinal order, read from one immutable snapshot.</summary>
    ValueTask<ListResult> ListAsync(ListQuery query, CancellationToken cancellationToken);

    /// <summary>Puts or deletes one key if it is still at the expected revision. Completes when durable.</summary>
    ValueTask<WriteResult> WriteAsync(StoreWrite write, CancellationToken cancellationToken);

    /// <summary>
    /// Opens a watch over all keys that begin with <paramref name="prefix"/>, delivering every event with a revision
    /// greater than <paramref name="afterRevision"/>, in order, without gaps.
    /// </summary>
    ValueTask<WatchResult> WatchAsync(string prefix, long afterRevision, CancellationToken cancellationToken);

    /// <summary>
    /// Forgets history up to and including <paramref name="revision"/>: older snapshots and watch positions answer
    /// <c>Compacted</c> from then on. Current entries are never lost. Also happens by itself, by count and age.
    /// </summary>
    ValueTask CompactAsync(long revision, CancellationToken cancellationToken);
}

/// <summary>A key's value at one revision. Immutable and shared by every reader.</summary>
public sealed class StoreEntry(string key, ReadOnlyMemory<byte> value, long createRevision, long modRevision)
{
    private object? _derived;

    public string Key { get; } = key;

    public ReadOnlyMemory<byte> Value { get; } = value;

    /// <summary>The revision that created the key (since it last did not exist).</summary>
    public long CreateRevision { get; } = createRevision;

    /// <summary>The revision that wrote this value.</summary>
    public long ModRevision { get; } = modRevision;

    /// <summary>
    /// A form of the value made once, on first use, and kept with the entry (a decoded object, an encoded frame).
    /// One owner decides on one type for all entries; two threads may both make it, one result is kept.
    /// </summary>
    public T Derive<T>(Func<StoreEntry, T> make)
        where T : class
    {
        if (Volatile.Read(ref _derived) is T known)
        {
            return known;
        }

        var made = make(this);
        return Interlocked.CompareExchange(ref _derived, made, null) as T ?? made;
    }
}

/// <param name="Prefix">Only keys that begin with this.</param>
/// <param name="StartAfter">Only keys ordinally greater than this; null from the beginning of the prefix.</param>
/// <param name="Limit">At most this many entries; 0 for all.</param>
/// <param name="Revision">The snapshot to read; 0 for the newest.</param>
public readonly record struct ListQuery(string Prefix, string? StartAfter = null, int Limit = 0, long Revision = 0);

public enum ReadOutcome
{
    Ok,

    /// <summary>The revision asked for is no longer kept.</summary>
    Compacted,

    /// <summary>The revision asked for has not been written yet.</summary>
    Future,
}

/// <param name="Revision">The revision of the snapshot that was read (also set when the outcome is not Ok: the newest).</param>
/// <param name="RemainingCount">How many keys of the prefix follow the last entry; 0 when the list is complete.</param>
public readonly record struct ListResult(
    ReadOutcome Outcome, IReadOnlyList<StoreEntry> Entries, long Revision, long RemainingCount);

/// <param name="Value">The new value; null deletes the key.</param>
/// <param name="ExpectedRevision">
/// The ModRevision the key must have: null for any (a delete of a missing key then changes nothing), 0 for "must not exist".
/// </param>
public readonly record struct StoreWrite(string Key, ReadOnlyMemory<byte>? Value, long? ExpectedRevision);

public enum WriteOutcome
{
    Committed,

    /// <summary>The key was not at the expected revision; nothing changed.</summary>
    Conflict,
}

/// <param name="Entry">
/// Committed put: the new entry. Committed delete: the entry that was deleted (null when there was none).
/// Conflict: the entry that stands now, or null when the key does not exist.
/// </param>
/// <param name="Revision">The revision of this write; for a conflict or a delete of nothing, the newest revision.</param>
public readonly record struct WriteResult(WriteOutcome Outcome, StoreEntry? Entry, long Revision);

/// <param name="Watcher">The open watch when Ok, otherwise null.</param>
public readonly record struct WatchResult(ReadOutcome Outcome, IStoreWatcher? Watcher);

/// <summary>One reader of the log, at its own position. Used by one caller at a time.</summary>
public interface IStoreWatcher : IAsyncDisposable
{
    /// <summary>Every event of the prefix up to this revision has been returned by <see cref="ReadAsync"/>.</summary>
    long Position { get; }

    /// <summary>
    /// Waits until there is something to say and returns all of it, up to a bound. A watcher whose position fell out of
    /// the log is told Compacted once, and must list again.
    /// </summary>
    ValueTask<WatchBatch> ReadAsync(CancellationToken cancellationToken);

    /// <summary>
    /// Moves <see cref="Position"/> to the newest revision if no event of the prefix lies between, and returns it: what
    /// a bookmark may promise. Never waits.
    /// </summary>
    long Progress();
}

/// <param name="Events">In revision order; empty only when the outcome is not Ok.</param>
public readonly record struct WatchBatch(ReadOutcome Outcome, IReadOnlyList<StoreEvent> Events);

public enum StoreEventType
{
    Created,
    Updated,
    Deleted,
}

/// <summary>One change. Immutable and shared by every watcher.</summary>
/// <param name="Entry">The entry written, or for a deletion null.</param>
/// <param name="Previous">What stood there before; null for a creation.</param>
public sealed record StoreEvent(long Revision, StoreEventType Type, string Key, StoreEntry? Entry, StoreEntry? Previous)
{
    private object? _derived;

    /// <summary>As <see cref="StoreEntry.Derive{T}"/>, for a form of the event (its encoded watch frame).</summary>
    public T Derive<T>(Func<StoreEvent, T> make)
        where T : class
    {
        if (Volatile.Read(ref _derived) is T known)
        {
            return known;
        }

        var made = make(this);
        return Interlocked.CompareExchange(ref _derived, made, null) as T ?? made;
    }
}
