using Coxswain.Store.Tree;

namespace Coxswain.Store.History;

/// <summary>
/// Writes applied on top of a state, in order, before anyone can see them. Each is checked against the writes before
/// it. Published when durable; dropping it undoes everything.
/// </summary>
internal sealed class WriteBatch(StoreState state)
{
    private EntryTree _tree = state.Tree;

    public long Revision { get; private set; } = state.Revision;

    public List<StagedEvent> Events { get; } = [];

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

        var revision = ++Revision;
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

        var revision = ++Revision;
        _tree = _tree.Remove(key);
        Events.Add(new StagedEvent(
            new StoreEvent(revision, StoreEventType.Deleted, previous.Key, null, previous), _tree));
        return new WriteResult(WriteOutcome.Committed, previous, revision);
    }
}
