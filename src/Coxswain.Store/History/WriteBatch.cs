using Coxswain.Store.Tree;

namespace Coxswain.Store.History;

/// <summary>
/// Writes applied on top of a state, in order, before anyone can see them. Each is checked against the writes before
/// it. Published when durable; dropping it undoes everything.
/// </summary>
/// <param name="successor">The revision that follows another; null for the next number.</param>
internal sealed class WriteBatch(StoreState state, Func<long, long>? successor)
{
    /// <summary>What beginning to delete an object adds to it: a time, a grace period, a condition.</summary>
    private const int SmallGrowth = 1_024;

    private EntryTree _tree = state.Tree;

    public long Revision { get; private set; } = state.Revision;

    public List<StagedEvent> Events { get; } = [];

    /// <summary>Whether a write, if it would change anything, needs more room than its own row in the log.</summary>
    public bool Grows(in StoreWrite write)
    {
        var previous = _tree.Find(write.Key);
        var isConflict = write.ExpectedRevision is { } expected && expected != (previous?.ModRevision ?? 0);
        return !isConflict && write.Value is { } value
            && (previous is null || value.Length > previous.Value.Length + SmallGrowth);
    }

    public WriteResult Apply(in StoreWrite write)
    {
        var previous = _tree.Find(write.Key);
        if (write.ExpectedRevision is { } expected && expected != (previous?.ModRevision ?? 0))
        {
            return new WriteResult(WriteOutcome.Conflict, previous, Revision);
        }

        if (write.Value is not { } value)
        {
            return Delete(write.Key, previous);
        }

        var revision = Next();
        var entry = new StoreEntry(previous?.Key ?? write.Key, value, previous?.CreateRevision ?? revision, revision);
        _tree = _tree.Put(entry);
        var type = previous is null ? StoreEventType.Created : StoreEventType.Updated;
        Events.Add(new StagedEvent(new StoreEvent(revision, type, entry.Key, entry, previous), _tree));
        return new WriteResult(WriteOutcome.Committed, entry, revision);
    }

    private WriteResult Delete(string key, StoreEntry? previous)
    {
        if (previous is null)
        {
            return new WriteResult(WriteOutcome.Committed, null, Revision);
        }

        var revision = Next();
        _tree = _tree.Remove(key);
        Events.Add(new StagedEvent(
            new StoreEvent(revision, StoreEventType.Deleted, previous.Key, null, previous), _tree));
        return new WriteResult(WriteOutcome.Committed, previous, revision);
    }

    private long Next() => Revision = successor?.Invoke(Revision) ?? Revision + 1;
}
