namespace Coxswain.Store;

/// <summary>
/// One reader of the log, at its own position. One read at a time; beside a waiting <see cref="ReadAsync"/> a bookmark may
/// ask for <see cref="ProgressAsync"/>, and <c>DisposeAsync</c> ends it with <see cref="ObjectDisposedException"/>.
/// </summary>
public interface IStoreWatcher : IAsyncDisposable
{
    /// <summary>Every event of the prefix up to this revision has been returned by <see cref="ReadAsync"/>.</summary>
    long Position { get; }

    /// <summary>
    /// Waits until there is something to say and returns all of it, up to a bound. A watcher whose position fell out of
    /// the log is told Compacted once, and must list again; reading on is an error. A watcher that has been told
    /// everything never falls out of the log, however quiet its prefix is. Cancelling loses no event.
    /// </summary>
    ValueTask<WatchBatch> ReadAsync(CancellationToken cancellationToken);

    /// <summary>
    /// Moves <see cref="Position"/> to the newest revision if no event of the prefix lies between, and returns it: what
    /// a bookmark may promise. Completes at once in a home of this process; another asks how far the log has come.
    /// </summary>
    ValueTask<long> ProgressAsync(CancellationToken cancellationToken);
}
