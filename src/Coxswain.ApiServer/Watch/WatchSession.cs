using Coxswain.Api.Errors;
using Coxswain.ApiServer.Documents;
using Coxswain.ApiServer.Resources;
using Coxswain.Client;
using Coxswain.Store;

namespace Coxswain.ApiServer.Watch;

/// <summary>
/// One client's watch: what existed first, when asked for, then every change as its selectors see it, and a bookmark a
/// minute. Made by <see cref="ObjectWatcher"/>; read by one caller at a time.
/// </summary>
internal sealed class WatchSession : IAsyncDisposable
{
    private static readonly TimeSpan BookmarkPeriod = TimeSpan.FromMinutes(1);

    private readonly IStoreWatcher _watcher;
    private readonly Selection _selection;
    private readonly ServedResource _resource;
    private readonly TimeProvider _time;
    private readonly bool _bookmarks;
    private readonly long _end;
    private readonly List<WatchItem> _items = [];
    private List<WatchItem>? _initial;
    private CancellationTokenSource? _clock;
    private CancellationTokenSource? _due;
    private bool _endIsDue;

    /// <param name="initial">What to say before anything else.</param>
    /// <param name="timeout">When the watch ends by itself.</param>
    public WatchSession(
        IStoreWatcher watcher, Selection selection, ServedResource resource, List<WatchItem>? initial, ListParameters options, TimeSpan timeout, TimeProvider time)
    {
        _watcher = watcher;
        _selection = selection;
        _resource = resource;
        _initial = initial;
        _time = time;
        _bookmarks = options.AllowWatchBookmarks;
        _end = time.GetTimestamp() + (long)(timeout.TotalSeconds * time.TimestampFrequency);
    }

    /// <summary>
    /// The next things to say; null when the watch is over. The list is valid until the next call.
    /// </summary>
    /// <exception cref="KubeStatusException">The watch fell out of the log.</exception>
    public async ValueTask<IReadOnlyList<WatchItem>?> ReadAsync(CancellationToken cancellationToken)
    {
        if (_initial is { } initial)
        {
            _initial = null;
            if (initial.Count > 0)
            {
                return await ShownAsync(initial, cancellationToken);
            }
        }

        _items.Clear();
        while (_items.Count == 0)
        {
            WatchBatch batch;
            try
            {
                batch = await _watcher.ReadAsync(UntilDue(cancellationToken));
            }
            catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
            {
                // The clock's word, not the time's: a timer may fire a moment early, and every look then would be a bookmark.
                if (_endIsDue || _resource.Withdrawn.IsCancellationRequested)
                {
                    return null;
                }

                if (_bookmarks)
                {
                    _items.Add(new WatchItem(
                        WatchEventType.Bookmark, null, await _watcher.ProgressAsync(cancellationToken)));
                }

                continue;
            }

            if (batch.Outcome != ReadOutcome.Ok)
            {
                throw new KubeStatusException(Statuses.Expired(
                    $"too old resource version: {ResourceVersions.Format(_watcher.Position)}"));
            }

            foreach (var change in batch.Events)
            {
                if (_selection.See(change) is { } item)
                {
                    _items.Add(item);
                }
            }
        }

        return await ShownAsync(_items, cancellationToken);
    }

    /// <summary>In the version asked for; only events that are shown as they were stored are shared with others.</summary>
    private async ValueTask<List<WatchItem>> ShownAsync(List<WatchItem> items, CancellationToken cancellationToken)
    {
        if (_resource.ShowsStored)
        {
            return items;
        }

        var entries = items.Select(item => item.Entry).OfType<StoreEntry>().ToList();
        var shown = await _resource.ShowAsync(entries, cancellationToken);
        var next = 0;
        return items.ConvertAll(item => item.Entry is null ? item
            : shown[next++] is var entry && ReferenceEquals(entry, item.Entry) ? item : item with { Entry = entry, Source = null });
    }

    public ValueTask DisposeAsync()
    {
        _due?.Dispose();
        _clock?.Dispose();
        return _watcher.DisposeAsync();
    }

    /// <summary>A token that is cancelled when a bookmark or the end of the watch is due; made anew about once a minute.</summary>
    private CancellationToken UntilDue(CancellationToken cancellationToken)
    {
        if (_due is null || _due.IsCancellationRequested)
        {
            _due?.Dispose();
            _clock?.Dispose();
            var left = _time.GetElapsedTime(_time.GetTimestamp(), _end);
            _endIsDue = left <= BookmarkPeriod;
            var wait = _endIsDue ? left : BookmarkPeriod;
            _clock = new CancellationTokenSource(wait > TimeSpan.Zero ? wait : TimeSpan.Zero, _time);
            _due = CancellationTokenSource.CreateLinkedTokenSource(_clock.Token, _resource.Withdrawn, cancellationToken);
        }

        return _due.Token;
    }
}
