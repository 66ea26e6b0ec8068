namespace Coxswain.Store;

/// <summary>A key's value at one revision. Immutable and shared by every reader.</summary>
public sealed class StoreEntry(string key, ReadOnlyMemory<byte> value, long createRevision, long modRevision)
{
    private object? _derived;

    public string Key { get; } = key;

    public ReadOnlyMemory<byte> Value { get; } = value;

    /// <summary>The revision that created the key (since it last did not exist).</summary>
    public long CreateRevision { get; } = createRevision;

    /// <summary>The revision that wrote this value.</summary>
    public long ModRevision { get; } = modRevision;

    /// <summary>
    /// A form of the value made once, on first use, and kept with the entry (a decoded object, an encoded frame).
    /// One owner decides on one type for all entries; two threads may both make it, one result is kept. The store drops
    /// the form of an entry that only history still holds, so <paramref name="make"/> may run again.
    /// </summary>
    public T Derive<T>(Func<StoreEntry, T> make)
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
