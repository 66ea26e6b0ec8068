namespace Coxswain.Store;

/// <summary>
/// A log of revisions over a sorted map from key to bytes. One writer orders all writes and gives each the next
/// revision; readers see immutable snapshots; watchers read the log. Knows keys and bytes, never what they mean.
/// </summary>
/// <remarks>
/// Every home (memory, sqlite, etcd) passes the same contract suite. All members are safe to call concurrently.
/// Expected outcomes (conflict, compacted, a revision of the future) are values, never exceptions. What fails outside
/// (disk full, I/O error) is a <see cref="StoreException"/>. A key is not empty and is well-formed UTF-16; keys order
/// ordinally. Disposing waits for the writes already accepted, and ends waiting readers and every later call with
/// <see cref="ObjectDisposedException"/>.
/// </remarks>
public interface IStore : IAsyncDisposable
{
    /// <summary>The newest durable revision. 0 for a store that was never written to.</summary>
    ValueTask<long> GetRevisionAsync(CancellationToken cancellationToken);

    /// <summary>The newest entry of <paramref name="key"/>, or null when the key does not exist.</summary>
    ValueTask<StoreEntry?> GetAsync(string key, CancellationToken cancellationToken);

    /// <summary>A range of keys in ordinal order, read from one immutable snapshot.</summary>
    ValueTask<ListResult> ListAsync(ListQuery query, CancellationToken cancellationToken);

    /// <summary>
    /// Puts or deletes one key if it is still at the expected revision. Completes when durable; only then do readers
    /// and watchers see it. Cancelling takes back a write that still waits for its turn; one that already has it
    /// completes as if not cancelled.
    /// </summary>
    ValueTask<WriteResult> WriteAsync(StoreWrite write, CancellationToken cancellationToken);

    /// <summary>
    /// Opens a watch over all keys that begin with <paramref name="prefix"/>, delivering every event with a revision
    /// greater than <paramref name="afterRevision"/>, in order, without gaps.
    /// </summary>
    ValueTask<WatchResult> WatchAsync(string prefix, long afterRevision, CancellationToken cancellationToken);

    /// <summary>
    /// Forgets history up to and including <paramref name="revision"/> (at most the newest): snapshots and watch
    /// positions older than it answer <c>Compacted</c> from then on; the snapshot and the position at it still answer.
    /// Current entries are never lost. Also happens by itself, see <see cref="StoreOptions"/>.
    /// </summary>
    ValueTask CompactAsync(long revision, CancellationToken cancellationToken);
}
