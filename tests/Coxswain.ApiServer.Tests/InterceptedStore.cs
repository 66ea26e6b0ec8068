using Coxswain.Store;

namespace Coxswain.ApiServer.Tests;

/// <summary>A store whose writes can be preceded or followed by something somebody else does: the interleaving a race needs.</summary>
internal sealed class InterceptedStore(IStore inner) : IStore
{
    /// <summary>Runs before each write; null for none.</summary>
    public Func<StoreWrite, Task>? BeforeWrite { get; set; }

    /// <summary>Runs after each write that was committed, before its writer knows; null for none.</summary>
    public Func<StoreWrite, Task>? AfterCommit { get; set; }

    public ValueTask<long> GetRevisionAsync(CancellationToken cancellationToken) => inner.GetRevisionAsync(cancellationToken);

    public ValueTask<StoreEntry?> GetAsync(string key, CancellationToken cancellationToken) => inner.GetAsync(key, cancellationToken);

    public ValueTask<ListResult> ListAsync(ListQuery query, CancellationToken cancellationToken) => inner.ListAsync(query, cancellationToken);

    public async ValueTask<WriteResult> WriteAsync(StoreWrite write, CancellationToken cancellationToken)
    {
        if (BeforeWrite is { } act)
        {
            await act(write);
        }

        var result = await inner.WriteAsync(write, cancellationToken);
        if (result.Outcome == WriteOutcome.Committed && AfterCommit is { } follow)
        {
            await follow(write);
        }

        return result;
    }

    public ValueTask<WatchResult> WatchAsync(string prefix, long afterRevision, CancellationToken cancellationToken) =>
        inner.WatchAsync(prefix, afterRevision, cancellationToken);

    public ValueTask<IPrefixFollower> FollowAsync(string prefix, CancellationToken cancellationToken) => inner.FollowAsync(prefix, cancellationToken);

    public ValueTask CompactAsync(long revision, CancellationToken cancellationToken) => inner.CompactAsync(revision, cancellationToken);

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;
}
