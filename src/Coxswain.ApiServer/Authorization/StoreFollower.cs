using Coxswain.Store;

namespace Coxswain.ApiServer.Authorization;

/// <summary>
/// Keeps something that follows from the entries below a prefix: read once, then brought up to date from the store's log, one
/// changed entry at a time, whenever somebody asks. A reader sees every write that was acknowledged before it asked, and a write
/// elsewhere in the store costs it a comparison.
/// </summary>
internal abstract class StoreFollower(IStore store, string prefix) : IAsyncDisposable
{
    private readonly SemaphoreSlim _turn = new(1);
    private IStoreWatcher? _watcher;
    private long _seen = -1;

    public async ValueTask DisposeAsync()
    {
        _turn.Dispose();
        if (_watcher is not null)
        {
            await _watcher.DisposeAsync();
        }
    }

    /// <summary>Returns when everything acknowledged before the call is applied.</summary>
    public async ValueTask CatchUpAsync(CancellationToken cancellationToken)
    {
        var revision = await store.GetRevisionAsync(cancellationToken);
        if (Volatile.Read(ref _seen) >= revision)
        {
            return;
        }

        await _turn.WaitAsync(cancellationToken);
        try
        {
            await MoveToAsync(revision, cancellationToken);
        }
        finally
        {
            _turn.Release();
        }
    }

    /// <summary>Everything known is void.</summary>
    protected abstract void Clear();

    /// <param name="entry">Null when the key is gone.</param>
    protected abstract void Apply(string key, StoreEntry? entry);

    private async ValueTask MoveToAsync(long revision, CancellationToken cancellationToken)
    {
        while (_seen < revision)
        {
            if (_watcher is null)
            {
                await FillAsync(cancellationToken);
                continue;
            }

            // Where no event of ours lies between there is nothing to read; where one does, a read returns at once.
            var position = await _watcher.ProgressAsync(cancellationToken);
            if (position >= revision)
            {
                Volatile.Write(ref _seen, position);
                return;
            }

            var batch = await _watcher.ReadAsync(cancellationToken);
            if (batch.Outcome == ReadOutcome.Ok)
            {
                await ApplyAsync(batch.Events);
            }
            else
            {
                await ForgetAsync();
            }
        }
    }

    private async ValueTask ApplyAsync(IReadOnlyList<StoreEvent> events)
    {
        try
        {
            foreach (var change in events)
            {
                Apply((change.Entry ?? change.Previous!).Key, change.Entry); // a deletion has a previous entry
            }
        }
        catch
        {
            // Half of what was read is not applied: the next reader begins anew.
            await ForgetAsync();
            throw;
        }
    }

    private async ValueTask FillAsync(CancellationToken cancellationToken)
    {
        var list = await store.ListAsync(new ListQuery(prefix), cancellationToken);
        var watch = await store.WatchAsync(prefix, list.Revision, cancellationToken);
        if (watch.Watcher is not { } watcher)
        {
            return;
        }

        Clear();
        foreach (var entry in list.Entries)
        {
            Apply(entry.Key, entry);
        }

        _watcher = watcher;
        Volatile.Write(ref _seen, list.Revision);
    }

    private async ValueTask ForgetAsync()
    {
        var watcher = _watcher;
        _watcher = null;
        Volatile.Write(ref _seen, -1);
        if (watcher is not null)
        {
            await watcher.DisposeAsync();
        }
    }
}
