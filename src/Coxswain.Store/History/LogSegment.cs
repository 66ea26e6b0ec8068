using Coxswain.Store.Tree;

namespace Coxswain.Store.History;

/// <summary>
/// A run of the log, with the tree as it stood before its first event: any revision inside is that tree and a few
/// events. Filled by the one writer; a reader looks only at events up to the revision of its <see cref="StoreState"/>.
/// </summary>
/// <param name="after">The newest revision before the first event.</param>
/// <param name="before">The tree at that revision.</param>
internal sealed class LogSegment(long after, EntryTree before)
{
    /// <summary>
    /// Events in a segment at most. Fewer would keep more trees alive (a hundred for 100,000 revisions), more would make
    /// reading an old revision dearer (about a millisecond for a whole segment, once, then it is remembered).
    /// </summary>
    public const int Size = 1024;

    private readonly StoreEvent?[] _events = new StoreEvent?[Size];
    private RebuiltTree? _rebuilt;

    public long After { get; } = after;

    /// <summary>Only the writer asks.</summary>
    public int Count { get; private set; }

    /// <summary>The revision of the newest event; only the writer asks.</summary>
    public long Last => Count == 0 ? After : _events[Count - 1]!.Revision; // Add filled it

    /// <summary>Bytes of the values that this segment's events replaced or deleted; only history still holds them.</summary>
    public long SupersededBytes { get; private set; }

    /// <summary>When the newest event was added.</summary>
    public long WrittenAt { get; private set; }

    public void Add(StoreEvent storeEvent, long timestamp)
    {
        _events[Count++] = storeEvent;
        SupersededBytes += storeEvent.Previous?.Value.Length ?? 0;
        WrittenAt = timestamp;
    }

    /// <summary>The events after one revision, up to and including another.</summary>
    public ReadOnlySpan<StoreEvent> Between(long after, long to)
    {
        var start = CountUpTo(after);

        // Not null: a reader asks only for what its state says is there, and that was added before.
        return _events.AsSpan(start, Math.Max(0, CountUpTo(to) - start))!;
    }

    /// <summary>The revision after which the newest of the events are exactly so many; only the writer asks.</summary>
    public long AfterAllBut(int newest) => newest >= Count ? After : _events[Count - newest - 1]!.Revision; // as in Last

    /// <summary>The tree at a revision from <see cref="After"/> to the newest published.</summary>
    public EntryTree TreeAt(long revision)
    {
        var (from, tree) = Volatile.Read(ref _rebuilt) is { } known && known.Revision <= revision
            ? known
            : new RebuiltTree(After, before);
        foreach (var storeEvent in Between(from, revision))
        {
            tree = storeEvent.Entry is { } entry ? tree.Put(entry) : tree.Remove(storeEvent.Key);
        }

        // The pages of one list ask for the same revision again and again.
        Volatile.Write(ref _rebuilt, new RebuiltTree(revision, tree));
        return tree;
    }

    /// <summary>
    /// Lets go of what readers derived from events and superseded entries. Watchers that keep up have passed a sealed
    /// segment; its frames would otherwise double the memory of the whole log.
    /// </summary>
    public void DropDerived()
    {
        foreach (var storeEvent in _events)
        {
            storeEvent?.DropDerived();
            storeEvent?.Previous?.DropDerived();
        }
    }

    /// <summary>How many events have this revision or an older one. The writer may be adding newer ones meanwhile.</summary>
    private int CountUpTo(long revision)
    {
        var (low, high) = (0, Size);
        while (low < high)
        {
            var middle = (low + high) >>> 1;
            if (Volatile.Read(ref _events[middle]) is { } storeEvent && storeEvent.Revision <= revision)
            {
                low = middle + 1;
            }
            else
            {
                high = middle;
            }
        }

        return low;
    }

    private sealed record RebuiltTree(long Revision, EntryTree Tree);
}
