using Coxswain.Store;

namespace Coxswain.ApiServer.Documents;

/// <summary>
/// A value computed from all entries below some prefix, computed again only when one of them changed. The check costs
/// no I/O, and a reader sees every write that was acknowledged before it asked.
/// </summary>
internal sealed class StoreView<T>(IStore store, string prefix, Func<IReadOnlyList<StoreEntry>, T> compute) : IAsyncDisposable
    where T : class
{
    private readonly SemaphoreSlim _lock = new(1);
    private IStoreWatcher? _watcher;
    private T? _value;

    public async ValueTask<T> GetAsync(CancellationToken cancellationToken)
    {
        await _lock.WaitAsync(cancellationToken);
        try
        {
            if (_value is not null && _watcher is not null && _watcher.Progress() >= await store.GetRevisionAsync(cancellationToken))
            {
                return _value;
            }

            return _value = await ComputeAsync(cancellationToken);
        }
        finally
        {
            _lock.Release();
        }
    }

    public async ValueTask DisposeAsync()
    {
        _lock.Dispose();
        if (_watcher is not null)
        {
            await _watcher.DisposeAsync();
        }
    }

    private async ValueTask<T> ComputeAsync(CancellationToken cancellationToken)
    {
        if (_watcher is not null)
        {
            await _watcher.DisposeAsync();
            _watcher = null;
        }

        var list = await store.ListAsync(new ListQuery(prefix), cancellationToken);
        _watcher = (await store.WatchAsync(prefix, list.Revision, cancellationToken)).Watcher;
        return compute(list.Entries);
    }
}
