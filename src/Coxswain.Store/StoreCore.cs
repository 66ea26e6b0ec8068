using System.Buffers;
using System.Text;
using Coxswain.Store.History;
using Coxswain.Store.Watch;

namespace Coxswain.Store;

/// <summary>
/// The part every home shares: the published state and the watchers of it. Reads never lock. Its owner stages writes,
/// makes them durable in its own way, then publishes; one batch at a time.
/// </summary>
internal sealed class StoreCore(StoreState recovered, StoreOptions options, TimeProvider time)
{
    private readonly Lock _watchGate = new();
    private readonly WatchIndex _index = new();
    private readonly RetentionPolicy _retention = new(options, time);
    private readonly List<WatchGroup> _touched = [];
    private StoreState _state = recovered;
    private bool _isClosed;

    public StoreState State => Volatile.Read(ref _state);

    public static void CheckKey(string key)
    {
        ArgumentException.ThrowIfNullOrEmpty(key);
        for (var rest = key.AsSpan(); !Ascii.IsValid(rest);)
        {
            if (Rune.DecodeFromUtf16(rest, out _, out var consumed) != OperationStatus.Done)
            {
                throw new ArgumentException("a key is well-formed UTF-16", nameof(key));
            }

            rest = rest[consumed..];
        }
    }

    public StoreEntry? Get(string key)
    {
        ThrowIfClosed();
        ArgumentNullException.ThrowIfNull(key);
        return State.Tree.Find(key);
    }

    public ListResult List(in ListQuery query)
    {
        ThrowIfClosed();
        ArgumentNullException.ThrowIfNull(query.Prefix);
        ArgumentOutOfRangeException.ThrowIfNegative(query.Limit);
        ArgumentOutOfRangeException.ThrowIfNegative(query.Revision);
        var state = State;
        var revision = query.Revision == 0 ? state.Revision : query.Revision;
        if (state.OutcomeAt(revision) is var outcome && outcome != ReadOutcome.Ok)
        {
            return new ListResult(outcome, [], state.Revision, 0);
        }

        var page = state.TreeAt(revision).Page(query.Prefix, query.StartAfter, query.Limit);
        return new ListResult(ReadOutcome.Ok, page.Entries, revision, page.Remaining);
    }

    public WatchResult Watch(string prefix, long afterRevision)
    {
        ArgumentNullException.ThrowIfNull(prefix);
        ArgumentOutOfRangeException.ThrowIfNegative(afterRevision);
        lock (_watchGate)
        {
            ThrowIfClosed();
            var state = State;
            if (state.OutcomeAt(afterRevision) is var outcome && outcome != ReadOutcome.Ok)
            {
                return new WatchResult(outcome, null);
            }

            if (_index.Find(prefix) is not { } group)
            {
                // What the log says of a new prefix is not known: the newest event could be one of it.
                group = new WatchGroup(prefix, state.Revision);
                _index.Add(group);
            }

            var watcher = new StoreWatcher(this, group, afterRevision);
            group.Watchers.Add(watcher);
            return new WatchResult(ReadOutcome.Ok, watcher);
        }
    }

    public void Close(StoreWatcher watcher)
    {
        lock (_watchGate)
        {
            var group = watcher.Group;
            if (group.Watchers.Remove(watcher) && group.Watchers.Count == 0)
            {
                _index.Remove(group);
            }
        }
    }

    public WriteBatch Begin() => new(State);

    /// <summary>How far to compact now, or null.</summary>
    public long? DueCompaction() => _retention.Due(State);

    /// <summary>Makes a durable batch visible and wakes who waits for it.</summary>
    public void Publish(WriteBatch batch)
    {
        if (batch.Events.Count == 0)
        {
            return;
        }

        lock (_watchGate)
        {
            var before = State.Revision;
            foreach (var (storeEvent, _) in batch.Events)
            {
                for (var group = _index.Longest(storeEvent.Key); group is not null; group = group.Parent)
                {
                    if (group.LastRevision <= before)
                    {
                        _touched.Add(group);
                    }

                    group.LastRevision = storeEvent.Revision;
                }
            }

            Interlocked.Exchange(ref _state, State.With(batch.Events, time.GetTimestamp()));
            foreach (var group in _touched)
            {
                foreach (var watcher in group.Watchers)
                {
                    watcher.Wake(before);
                }
            }

            _touched.Clear();
        }
    }

    /// <summary>Forgets history; the owner has recorded it. Only the writer calls this.</summary>
    public void Compact(long revision)
    {
        var state = State;
        if (revision > state.Compacted)
        {
            Invariant.Holds(revision <= state.Revision, "only what was written can be compacted");
            Volatile.Write(ref _state, state.CompactedTo(revision));
        }
    }

    /// <summary>Ends all watchers; every later call throws.</summary>
    public void Close()
    {
        lock (_watchGate)
        {
            Volatile.Write(ref _isClosed, true);
            foreach (var watcher in _index.Groups.SelectMany(group => group.Watchers))
            {
                watcher.End();
            }
        }
    }

    public void ThrowIfClosed() =>
        ObjectDisposedException.ThrowIf(Volatile.Read(ref _isClosed), typeof(IStore));
}
