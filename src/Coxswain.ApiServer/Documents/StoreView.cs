using Coxswain.Store;

namespace Coxswain.ApiServer.Documents;

/// <summary>
/// A value computed from all entries below some prefix, computed again only when one of them changed. The check waits
/// for nobody, and a reader sees every write that was acknowledged before it asked.
/// </summary>
internal sealed class StoreView<T>(IStore store, string prefix, Func<IReadOnlyList<StoreEntry>, T> compute) : IAsyncDisposable
    where T : class
{
    private readonly SemaphoreSlim _lock = new(1);
    private IPrefixFollower? _follower;
    private Computed? _computed;

    public async ValueTask<T> GetAsync(CancellationToken cancellationToken)
    {
        if (Current() is { } current)
        {
            return current;
        }

        await _lock.WaitAsync(cancellationToken);
        try
        {
            return Current() ?? await ComputeAsync(cancellationToken);
        }
        finally
        {
            _lock.Release();
        }
    }

    public async ValueTask DisposeAsync()
    {
        _lock.Dispose();
        if (_follower is not null)
        {
            await _follower.DisposeAsync();
        }
    }

    private T? Current() =>
        Volatile.Read(ref _computed) is { } computed && _follower!.ChangedAt <= computed.Revision // set before
            ? computed.Value
            : null;

    private async ValueTask<T> ComputeAsync(CancellationToken cancellationToken)
    {
        _follower ??= await store.FollowAsync(prefix, cancellationToken);
        var list = await store.ListAsync(new ListQuery(prefix), cancellationToken);
        var value = compute(list.Entries);
        Volatile.Write(ref _computed, new Computed(list.Revision, value));
        return value;
    }

    private sealed record Computed(long Revision, T Value);
}
