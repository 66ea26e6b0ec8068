using Coxswain.Api;
using Coxswain.Api.Errors;
using Coxswain.Api.Meta.V1;
using Coxswain.Api.Resources;
using Microsoft.Extensions.Logging;

namespace Coxswain.Client.Informers;

/// <summary>
/// A live copy of a resource: lists, then watches, resumes where a watch ended, and lists again when the server no longer
/// keeps that far back. Readers get the cached objects; subscribers are told of each change in order.
/// </summary>
/// <remarks>
/// The cache is changed before its subscribers are told. A handler must be quick and must not throw: it puts a key into a
/// work queue, and the reconciler reads the cache.
/// </remarks>
public sealed partial class Informer<T> : IInformer
    where T : class, IKubeObject<T>
{
    private static readonly TimeSpan FirstBackOff = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan LongestBackOff = TimeSpan.FromSeconds(10);

    private readonly IKubeClient _client;
    private readonly InformerOptions _options;
    private readonly TimeProvider _time;
    private readonly Random _random;
    private readonly ILogger _logger;
    private readonly InformerCache<T> _cache = new();

    // Held while the cache changes and subscribers hear of it, so that one who subscribes in between misses nothing.
    private readonly Lock _delivery = new();
    private Action<T?, T?>[] _handlers = [];

    // Those who wait for the first list, each in its own context; null once it is there.
    private List<TaskCompletionSource>? _awaitingSync = [];
    private string _resourceVersion = "";

    internal Informer(IKubeClient client, ApiResource resource, InformerOptions options, TimeProvider time, Random random, ILogger logger)
    {
        _client = client;
        Resource = resource;
        _options = options;
        _time = time;
        _random = random;
        _logger = logger;
        _cache.AddIndex(InformerIndexes.Namespace, obj => [obj.Metadata.Namespace]);
        _cache.AddIndex(InformerIndexes.OwnerUid, obj => obj.Metadata.OwnerReferences.Select(owner => owner.Uid));
    }

    public ApiResource Resource { get; }

    public bool HasSynced => Volatile.Read(ref _awaitingSync) is null;

    public int Count => _cache.Count;

    public async Task WaitForSyncAsync(CancellationToken cancellationToken)
    {
        var synced = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        lock (_delivery)
        {
            if (_awaitingSync is null)
            {
                return;
            }

            _awaitingSync.Add(synced);
        }

        await using (cancellationToken.UnsafeRegister((_, token) => synced.TrySetCanceled(token), null))
        {
            await synced.Task;
        }
    }

    /// <param name="namespace">Empty for cluster-scoped resources.</param>
    public T? Get(string @namespace, string name) => _cache.Get(new NamespacedName(@namespace, name));

    public T? Get(NamespacedName key) => _cache.Get(key);

    public IReadOnlyList<T> List() => _cache.List();

    public IReadOnlyList<T> List(string @namespace) => _cache.ListBy(InformerIndexes.Namespace, @namespace);

    public IReadOnlyList<T> ListByOwner(string uid) => _cache.ListBy(InformerIndexes.OwnerUid, uid);

    public IReadOnlyList<T> ListBy(string index, string value) => _cache.ListBy(index, value);

    /// <summary>Adds an index, unless there is one of that name already (which then must mean the same).</summary>
    public void AddIndex(string name, Func<T, IEnumerable<string>> valuesOf) => _cache.AddIndex(name, valuesOf);

    /// <summary>
    /// Calls <paramref name="handler"/> with (old, new) for each change from now on: old is null for an addition, new is
    /// null for a deletion. Objects already in the cache are delivered as additions first.
    /// </summary>
    public void OnChange(Action<T?, T?> handler)
    {
        lock (_delivery)
        {
            foreach (var obj in _cache.List())
            {
                handler(null, obj);
            }

            _handlers = [.. _handlers, handler];
        }
    }

    /// <inheritdoc/>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        var failures = 0;
        while (!cancellationToken.IsCancellationRequested)
        {
            try
            {
                if (_resourceVersion.Length == 0)
                {
                    await RelistAsync(cancellationToken);
                    TellSynced();
                }

                var started = _time.GetTimestamp();
                await WatchAsync(cancellationToken);

                // A server that ends every watch at once must not be asked in a tight loop.
                failures = _time.GetElapsedTime(started) < FirstBackOff ? failures + 1 : 0;
            }
            catch (KubeStatusException exception) when (exception.IsExpired)
            {
                Log.Relisting(_logger, Resource.QualifiedName, exception.Message);
                _resourceVersion = "";
                failures++;
            }
            catch (Exception exception) when (!cancellationToken.IsCancellationRequested)
            {
                failures++;
                Log.Failed(_logger, exception, Resource.QualifiedName, failures);
            }
            catch (Exception)
            {
                // Whatever fails while stopping has stopped.
                return;
            }

            if (failures > 0)
            {
                await Task.Delay(BackOff(failures), _time, cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing | ConfigureAwaitOptions.ContinueOnCapturedContext);
            }
        }
    }

    private void TellSynced()
    {
        List<TaskCompletionSource>? waiting;
        lock (_delivery)
        {
            waiting = _awaitingSync;
            Volatile.Write(ref _awaitingSync, null);
        }

        waiting?.ForEach(waiter => waiter.TrySetResult());
    }

    private async Task RelistAsync(CancellationToken cancellationToken)
    {
        var query = new ListQuery(_options.LabelSelector, _options.FieldSelector);
        var list = await _client.ListAsync<T>(Resource, _options.Namespace, query, cancellationToken);
        var listed = new HashSet<NamespacedName>(list.Items.Count);
        foreach (var obj in list.Items)
        {
            listed.Add(NamespacedName.Of(obj));
            Deliver(obj);
        }

        foreach (var known in _cache.List())
        {
            var key = NamespacedName.Of(known);
            if (!listed.Contains(key))
            {
                DeliverRemoval(key);
            }
        }

        _resourceVersion = list.Metadata.ResourceVersion;
    }

    private async Task WatchAsync(CancellationToken cancellationToken)
    {
        var query = new WatchQuery(_resourceVersion, _options.LabelSelector, _options.FieldSelector);
        await foreach (var change in _client.WatchAsync<T>(Resource, _options.Namespace, query, cancellationToken))
        {
            switch (change.Type)
            {
                case WatchEventType.Added or WatchEventType.Modified:
                    Deliver(change.Object);
                    break;
                case WatchEventType.Deleted:
                    DeliverRemoval(NamespacedName.Of(change.Object));
                    break;
            }

            _resourceVersion = change.Object.Metadata.ResourceVersion;
        }
    }

    private static T IdentityOf(T obj)
    {
        var metadata = obj.Metadata;
        return obj.WithMetadata(ObjectMeta.Empty with
        {
            Name = metadata.Name,
            Namespace = metadata.Namespace,
            Uid = metadata.Uid,
            ResourceVersion = metadata.ResourceVersion,
            OwnerReferences = metadata.OwnerReferences,
            Finalizers = metadata.Finalizers,
            DeletionTimestamp = metadata.DeletionTimestamp,
        });
    }

    private void Deliver(T received)
    {
        var obj = _options.IdentityOnly ? IdentityOf(received) : received;
        lock (_delivery)
        {
            var old = _cache.Set(obj);
            if (old is not null && old.Metadata.ResourceVersion == obj.Metadata.ResourceVersion)
            {
                return;
            }

            foreach (var handler in _handlers)
            {
                handler(old, obj);
            }
        }
    }

    private void DeliverRemoval(NamespacedName key)
    {
        lock (_delivery)
        {
            if (!_cache.Remove(key, out var old))
            {
                return;
            }

            foreach (var handler in _handlers)
            {
                handler(old, null);
            }
        }
    }

    /// <summary>Exponential, with up to as much again by chance, so that many informers do not come back together.</summary>
    private TimeSpan BackOff(int failures)
    {
        var delay = FirstBackOff * Math.Pow(2, Math.Min(failures - 1, 16));
        double spread;
        lock (_random)
        {
            spread = 1 + _random.NextDouble();
        }

        return (delay < LongestBackOff ? delay : LongestBackOff) * spread;
    }

    private static partial class Log
    {
        [LoggerMessage(LogLevel.Debug, "Listing {Resource} again: {Reason}")]
        public static partial void Relisting(ILogger logger, string resource, string reason);

        [LoggerMessage(LogLevel.Warning, "Watch of {Resource} failed {Failures} times in a row and will be resumed")]
        public static partial void Failed(ILogger logger, Exception exception, string resource, int failures);
    }
}
