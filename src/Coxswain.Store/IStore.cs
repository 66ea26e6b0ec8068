namespace Coxswain.Store;

/// <summary>
/// A log of revisions over a sorted map from key to bytes. Writes are ordered; each gets a revision greater than all
/// before it; readers see immutable snapshots; watchers read the log. Knows keys and bytes, never what they mean.
/// </summary>
/// <remarks>
/// <para>
/// Revisions only grow. A caller may not count on them being consecutive: a home that shares its numbers with others
/// skips some, and a revision that no write of this store got stands for the newest write before it. A write learns its
/// revision only from its result, so a value cannot contain it.
/// </para>
/// <para>
/// What is acknowledged to anyone is seen by every call that begins afterwards. The homes that exist, memory and
/// sqlite, belong to one process, skip no number and answer reads from memory without waiting. A home on other machines
/// has to ask them: <see cref="GetRevisionAsync"/>, <see cref="GetAsync"/>, <see cref="ListAsync"/> of the newest
/// snapshot and <see cref="IStoreWatcher.ProgressAsync"/> are then a round trip each. What must be cheap for each
/// request keeps a value derived from a snapshot and asks <see cref="FollowAsync"/> whether it still holds.
/// </para>
/// <para>
/// Every home passes the same contract suite, also while it skips numbers. All members are safe to call concurrently.
/// Expected outcomes (conflict, compacted, a revision of the future) are values, never exceptions. What fails outside
/// (disk full, I/O error) is a <see cref="StoreException"/>, and whether a write that ended so happened is not known
/// until the key is read again. A key is not empty and is well-formed UTF-16; keys order ordinally. Disposing waits for
/// the writes already accepted, and ends waiting readers and every later call with <see cref="ObjectDisposedException"/>.
/// </para>
/// </remarks>
public interface IStore : IAsyncDisposable
{
    /// <summary>The newest durable revision; every later write gets a greater one.</summary>
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
    /// <remarks>
    /// A conflict comes with the entry that stands now, so whoever allocates from a stored object (a bitmap of taken
    /// addresses) changes that and tries again without another read. Writes that wait at the same time share one wait
    /// for the disk: who has many to do (emptying a collection) starts them together, a bounded number at a time, and
    /// awaits them all, rather than one after the other.
    /// </remarks>
    ValueTask<WriteResult> WriteAsync(StoreWrite write, CancellationToken cancellationToken);

    /// <summary>
    /// Opens a watch over all keys that begin with <paramref name="prefix"/>, delivering every event with a revision
    /// greater than <paramref name="afterRevision"/>, in order, none left out.
    /// </summary>
    ValueTask<WatchResult> WatchAsync(string prefix, long afterRevision, CancellationToken cancellationToken);

    /// <summary>
    /// Follows when the keys that begin with <paramref name="prefix"/> last changed, so that a value derived from all
    /// of them is derived again only when it must be. The same for any number of readers; nothing is queued.
    /// </summary>
    ValueTask<IPrefixFollower> FollowAsync(string prefix, CancellationToken cancellationToken);

    /// <summary>
    /// Forgets history up to and including <paramref name="revision"/> (at most the newest): snapshots and watch
    /// positions older than it answer <c>Compacted</c> from then on; the snapshot and the position at it still answer.
    /// Current entries are never lost. Also happens by itself, see <see cref="StoreOptions"/>.
    /// </summary>
    ValueTask CompactAsync(long revision, CancellationToken cancellationToken);
}
