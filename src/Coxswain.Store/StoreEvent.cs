namespace Coxswain.Store;

/// <summary>One change. Immutable and shared by every watcher.</summary>
public sealed class StoreEvent(
    long revision, StoreEventType type, string key, StoreEntry? entry, StoreEntry? previous)
{
    private object? _derived;

    public long Revision { get; } = revision;

    public StoreEventType Type { get; } = type;

    public string Key { get; } = key;

    /// <summary>The entry written, or for a deletion null.</summary>
    public StoreEntry? Entry { get; } = entry;

    /// <summary>What stood there before; null for a creation.</summary>
    public StoreEntry? Previous { get; } = previous;

    /// <summary>As <see cref="StoreEntry.Derive{T}"/>, for a form of the event (its encoded watch frame).</summary>
    public T Derive<T>(Func<StoreEvent, T> make)
        where T : class
    {
        if (Volatile.Read(ref _derived) is T known)
        {
            return known;
        }

        var made = make(this);
        return Interlocked.CompareExchange(ref _derived, made, null) as T ?? made;
    }

    internal void DropDerived() => Volatile.Write(ref _derived, null);
}
