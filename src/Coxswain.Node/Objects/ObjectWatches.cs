using Coxswain.Api;
using Coxswain.Client;
using Microsoft.Extensions.Logging;

namespace Coxswain.Node.Objects;

/// <summary>
/// Watches single objects by name for as long as someone wants them: the ConfigMaps and Secrets of this node's pods, rather
/// than everybody's.
/// </summary>
internal sealed partial class ObjectWatches<T>(IKubeClient client, TimeProvider time, ILogger logger) : IAsyncDisposable
    where T : class, IKubeObject<T>
{
    private static readonly TimeSpan RetryDelay = TimeSpan.FromSeconds(1);

    private readonly Lock _lock = new();
    private readonly Dictionary<NamespacedName, Watch> _watches = [];
    private readonly HashSet<Task> _running = [];

    /// <summary>Keeps the object watched until disposed, and says when it changed.</summary>
    public IDisposable Keep(NamespacedName key, Action changed)
    {
        lock (_lock)
        {
            _running.RemoveWhere(task => task.IsCompleted);
            if (!_watches.TryGetValue(key, out var watch))
            {
                watch = new Watch();
                _watches.Add(key, watch);
                _running.Add(RunAsync(key, watch));
            }

            var keeper = new Keeper(this, key, changed);
            watch.Keepers.Add(keeper);
            return keeper;
        }
    }

    /// <summary>The object now, from the watch when it is kept.</summary>
    public async Task<T?> GetAsync(NamespacedName key, CancellationToken cancellationToken)
    {
        Watch? watch;
        lock (_lock)
        {
            watch = _watches.GetValueOrDefault(key);
        }

        if (watch is null)
        {
            return await client.FindAsync<T>(key.Namespace, key.Name, cancellationToken);
        }

        await watch.Synced.Task.WaitAsync(cancellationToken);
        return watch.Value;
    }

    public async ValueTask DisposeAsync()
    {
        Task[] running;
        lock (_lock)
        {
            foreach (var watch in _watches.Values)
            {
                watch.Cancellation.Cancel();
            }

            _watches.Clear();
            running = [.. _running];
        }

        await Task.WhenAll(running);
    }

    private async Task RunAsync(NamespacedName key, Watch watch)
    {
        await Task.Yield(); // The caller holds the lock.
        var cancellationToken = watch.Cancellation.Token;
        while (!cancellationToken.IsCancellationRequested)
        {
            try
            {
                await ListAndWatchAsync(key, watch, cancellationToken);
            }
            catch (Exception exception)
            {
                if (cancellationToken.IsCancellationRequested)
                {
                    break;
                }

                Log.WatchFailed(logger, exception, typeof(T).Name, key);
                await Task.Delay(RetryDelay, time, cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing | ConfigureAwaitOptions.ContinueOnCapturedContext);
            }
        }

        watch.Synced.TrySetCanceled(CancellationToken.None);
        watch.Cancellation.Dispose();
    }

    private async Task ListAndWatchAsync(NamespacedName key, Watch watch, CancellationToken cancellationToken)
    {
        var selector = $"metadata.name={key.Name}";
        var list = await client.ListAsync<T>(key.Namespace, new ListQuery(FieldSelector: selector), cancellationToken);
        Set(watch, list.Items.Count > 0 ? list.Items[0] : null);
        watch.Synced.TrySetResult();
        var query = new WatchQuery(list.Metadata.ResourceVersion, FieldSelector: selector, AllowBookmarks: false);
        await foreach (var change in client.WatchAsync<T>(key.Namespace, query, cancellationToken))
        {
            if (change.Type != WatchEventType.Bookmark)
            {
                Set(watch, change.Type == WatchEventType.Deleted ? null : change.Object);
            }
        }
    }

    private void Set(Watch watch, T? value)
    {
        Keeper[] keepers;
        lock (_lock)
        {
            var isFirst = !watch.Synced.Task.IsCompleted;
            var same = watch.Value?.Metadata.ResourceVersion == value?.Metadata.ResourceVersion;
            watch.Value = value;
            keepers = isFirst || same ? [] : [.. watch.Keepers];
        }

        foreach (var keeper in keepers)
        {
            keeper.Changed();
        }
    }

    private void Release(NamespacedName key, Keeper keeper)
    {
        lock (_lock)
        {
            if (_watches.TryGetValue(key, out var watch) && watch.Keepers.Remove(keeper) && watch.Keepers.Count == 0)
            {
                _watches.Remove(key);
                watch.Cancellation.Cancel();
            }
        }
    }

    private sealed class Watch
    {
        public TaskCompletionSource Synced { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public CancellationTokenSource Cancellation { get; } = new();

        public HashSet<Keeper> Keepers { get; } = [];

        public T? Value { get; set; }
    }

    private sealed class Keeper(ObjectWatches<T> owner, NamespacedName key, Action changed) : IDisposable
    {
        public Action Changed { get; } = changed;

        public void Dispose() => owner.Release(key, this);
    }

    private static partial class Log
    {
        [LoggerMessage(LogLevel.Debug, "Watch of {Kind} {Key} ended and will be repeated")]
        public static partial void WatchFailed(ILogger logger, Exception exception, string kind, NamespacedName key);
    }
}
