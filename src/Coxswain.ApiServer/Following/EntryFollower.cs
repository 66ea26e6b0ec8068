using Coxswain.Store;
using Microsoft.Extensions.Logging;

namespace Coxswain.ApiServer.Following;

/// <summary>
/// Follows the entries below a prefix from the store's log, for who acts on them: all of them first, then what changes. When the log
/// was left behind, or the one who acts failed, it begins anew with all of them, after a moment.
/// </summary>
internal sealed partial class EntryFollower(IStore store, string prefix, TimeProvider time, ILogger logger)
{
    private static readonly TimeSpan RetryAfter = TimeSpan.FromSeconds(1);

    /// <param name="fill">Given everything there is.</param>
    /// <param name="apply">Given what changed since.</param>
    public async Task RunAsync(
        Func<IReadOnlyList<StoreEntry>, CancellationToken, ValueTask> fill, Func<IReadOnlyList<StoreEvent>, CancellationToken, ValueTask> apply,
        CancellationToken cancellationToken)
    {
        try
        {
            while (true)
            {
                try
                {
                    await FollowAsync(fill, apply, cancellationToken);
                }
                catch (Exception exception) when (!cancellationToken.IsCancellationRequested)
                {
                    Log.FollowingFailed(logger, exception, prefix);
                    await Task.Delay(RetryAfter, time, cancellationToken);
                }
            }
        }
        catch (Exception exception) when (cancellationToken.IsCancellationRequested && exception is OperationCanceledException or ObjectDisposedException)
        {
        }
    }

    private async Task FollowAsync(
        Func<IReadOnlyList<StoreEntry>, CancellationToken, ValueTask> fill, Func<IReadOnlyList<StoreEvent>, CancellationToken, ValueTask> apply,
        CancellationToken cancellationToken)
    {
        var list = await store.ListAsync(new ListQuery(prefix), cancellationToken);
        var watch = await store.WatchAsync(prefix, list.Revision, cancellationToken);
        if (watch.Watcher is not { } watcher)
        {
            return;
        }

        await using (watcher)
        {
            await fill(list.Entries, cancellationToken);
            while (true)
            {
                var batch = await watcher.ReadAsync(cancellationToken);
                if (batch.Outcome != ReadOutcome.Ok)
                {
                    return;
                }

                await apply(batch.Events, cancellationToken);
            }
        }
    }

    private static partial class Log
    {
        [LoggerMessage(LogLevel.Warning, "Following {Prefix} failed, and is tried again")]
        public static partial void FollowingFailed(ILogger logger, Exception exception, string prefix);
    }
}
