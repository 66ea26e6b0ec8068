using Coxswain.Store.Tree;

namespace Coxswain.Store.History;

/// <summary>
/// A fixed run of the log, with the tree as it stood before its first event: any revision inside is that tree and a
/// few events. Filled by the one writer; a reader looks only at events up to the revision of its <see cref="StoreState"/>.
/// </summary>
internal sealed class LogSegment(long first, EntryTree before)
{
    /// <summary>
    /// Revisions in a segment. Fewer would keep more trees alive (a hundred for 100,000 revisions), more would make
    /// reading an old revision dearer (about a millisecond for a whole segment, once, then it is remembered).
    /// </summary>
    public const int Size = 1024;

    private readonly StoreEvent?[] _events = new StoreEvent?[Size];
    private RebuiltTree? _rebuilt;

    public long First { get; } = first;

    public long Last => First + Size - 1;

    /// <summary>The tree at revision <c>First - 1</c>.</summary>
    public EntryTree Before { get; } = before;

    /// <summary>Bytes of the values that this segment's events replaced or deleted; only history still holds them.</summary>
    public long SupersededBytes { get; private set; }

    /// <summary>When the newest event was added.</summary>
    public long WrittenAt { get; private set; }

    public StoreEvent this[long revision] =>
        _events[revision - First] ?? throw new InvalidOperationException($"revision {revision} has no event");

    public void Add(StoreEvent storeEvent, long timestamp)
    {
        ref var slot = ref _events[storeEvent.Revision - First];
        Invariant.Holds(slot is null, "a revision is written once");
        slot = storeEvent;
        SupersededBytes += storeEvent.Previous?.Value.Length ?? 0;
        WrittenAt = timestamp;
    }

    /// <summary>The events of some revisions, both ends included.</summary>
    public ReadOnlySpan<StoreEvent?> Events(long from, long to) =>
        _events.AsSpan((int)(from - First), (int)(to - from + 1));

    /// <summary>The tree at a revision from <c>First - 1</c> to the newest published.</summary>
    public EntryTree TreeAt(long revision)
    {
        var (from, tree) = Volatile.Read(ref _rebuilt) is { } known && known.Revision <= revision
            ? known
            : new RebuiltTree(First - 1, Before);
        while (from < revision)
        {
            var storeEvent = this[++from];
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

    private sealed record RebuiltTree(long Revision, EntryTree Tree);
}
