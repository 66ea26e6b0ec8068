using System.Diagnostics.CodeAnalysis;
using Coxswain.Api;

namespace Coxswain.Client.Informers;

/// <summary>
/// The objects one informer knows, by name and by index. Written by the informer's loop alone, read by anybody; the
/// objects are immutable and shared, the lists are the reader's own.
/// </summary>
internal sealed class InformerCache<T>
    where T : class, IKubeObject<T>
{
    private readonly Lock _lock = new();
    private readonly Dictionary<NamespacedName, T> _objects = [];
    private readonly Dictionary<string, Index> _indexes = new(StringComparer.Ordinal);

    public int Count
    {
        get
        {
            lock (_lock)
            {
                return _objects.Count;
            }
        }
    }

    public T? Get(NamespacedName key)
    {
        lock (_lock)
        {
            return _objects.GetValueOrDefault(key);
        }
    }

    public T[] List()
    {
        lock (_lock)
        {
            return [.. _objects.Values];
        }
    }

    public T[] ListBy(string index, string value)
    {
        lock (_lock)
        {
            return _indexes.TryGetValue(index, out var found) ? found.Get(value) : throw new ArgumentException($"no index \"{index}\"", nameof(index));
        }
    }

    public void AddIndex(string name, Func<T, IEnumerable<string>> valuesOf)
    {
        lock (_lock)
        {
            if (_indexes.ContainsKey(name))
            {
                return;
            }

            var index = new Index(valuesOf);
            foreach (var (key, obj) in _objects)
            {
                index.Add(key, obj);
            }

            _indexes.Add(name, index);
        }
    }

    /// <summary>Puts the object in place and returns the one it replaces.</summary>
    public T? Set(T obj)
    {
        var key = NamespacedName.Of(obj);
        lock (_lock)
        {
            var old = Unindex(key);
            _objects[key] = obj;
            foreach (var index in _indexes.Values)
            {
                index.Add(key, obj);
            }

            return old;
        }
    }

    public bool Remove(NamespacedName key, [NotNullWhen(true)] out T? old)
    {
        lock (_lock)
        {
            old = Unindex(key);
            return _objects.Remove(key);
        }
    }

    private T? Unindex(NamespacedName key)
    {
        if (!_objects.TryGetValue(key, out var old))
        {
            return null;
        }

        foreach (var index in _indexes.Values)
        {
            index.Remove(key, old);
        }

        return old;
    }

    private sealed class Index(Func<T, IEnumerable<string>> valuesOf)
    {
        private readonly Dictionary<string, Dictionary<NamespacedName, T>> _buckets = new(StringComparer.Ordinal);

        public T[] Get(string value) => _buckets.TryGetValue(value, out var bucket) ? [.. bucket.Values] : [];

        public void Add(NamespacedName key, T obj)
        {
            foreach (var value in valuesOf(obj))
            {
                if (!_buckets.TryGetValue(value, out var bucket))
                {
                    _buckets.Add(value, bucket = []);
                }

                bucket[key] = obj;
            }
        }

        public void Remove(NamespacedName key, T obj)
        {
            foreach (var value in valuesOf(obj))
            {
                if (_buckets.TryGetValue(value, out var bucket) && bucket.Remove(key) && bucket.Count == 0)
                {
                    _buckets.Remove(value);
                }
            }
        }
    }
}
