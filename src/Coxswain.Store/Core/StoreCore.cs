using System.Buffers;
using System.Text;
using Coxswain.Store.History;
using Coxswain.Store.Watch;

namespace Coxswain.Store.Core;

/// <summary>
/// The part every home shares: the published state and the watchers of it. Reads never lock. Its owner stages writes,
/// makes them durable in its own way, then publishes; one batch at a time.
/// </summary>
/// <param name="successor">The revision that follows another; null for the next number.</param>
internal sealed class StoreCore(
    StoreState recovered, StoreOptions options, TimeProvider time, Func<long, long>? successor) : IWatchedLog
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
        if (!IsKey(key))
        {
            throw new ArgumentException("a key is well-formed UTF-16", nameof(key));
        }
    }

    public static bool IsKey(string key)
    {
        for (var rest = key.AsSpan(); !Ascii.IsValid(rest);)
        {
            if (Rune.DecodeFromUtf16(rest, out _, out var consumed) != OperationStatus.Done)
            {
                return false;
            }

            rest = rest[consumed..];
        }

        return key.Length > 0;
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

            var group = GroupOf(prefix, state);
            var watcher = new StoreWatcher(this, group, afterRevision);
            group.Watchers.Add(watcher);
            return new WatchResult(ReadOutcome.Ok, watcher);
        }
    }

    public IPrefixFollower Follow(string prefix)
    {
        ArgumentNullException.ThrowIfNull(prefix);
        lock (_watchGate)
        {
            ThrowIfClosed();
            var group = GroupOf(prefix, State);
            group.Followers++;
            return new PrefixFollower(this, group);
        }
    }

    public void Close(StoreWatcher watcher)
    {
        lock (_watchGate)
        {
            if (watcher.Group.Watchers.Remove(watcher))
            {
                RemoveIfUnused(watcher.Group);
            }
        }
    }

    public void Unfollow(WatchGroup group)
    {
        lock (_watchGate)
        {
            group.Followers--;
            RemoveIfUnused(group);
        }
    }

    public WriteBatch Begin() => new(State, successor);

    /// <summary>How far to compact now, or null.</summary>
    /// <param name="bytesMost">The history to keep at most, whatever the options say.</param>
    public long? DueCompaction(long bytesMost = long.MaxValue) => _retention.Due(State, bytesMost);

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
                        Pass(group, before);
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
                    watcher.Wake();
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
            lock (_watchGate)
            {
                foreach (var group in _index.Groups)
                {
                    group.ForgetShared(revision);
                }
            }
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

    /// <summary>
    /// Before the group's next event: whoever has been told of its last one has missed nothing up to now, and moves on,
    /// so that only an event it has not read can be taken from it by compaction.
    /// </summary>
    private static void Pass(WatchGroup group, long before)
    {
        foreach (var watcher in group.Watchers)
        {
            watcher.Pass(group.LastRevision, before);
        }
    }

    private WatchGroup GroupOf(string prefix, StoreState state)
    {
        if (_index.Find(prefix) is not { } group)
        {
            // What the log says of a new prefix is not known: the newest event could be one of it.
            group = new WatchGroup(prefix, state.Revision);
            _index.Add(group);
        }

        return group;
    }

    private void RemoveIfUnused(WatchGroup group)
    {
        if (group is { Watchers.Count: 0, Followers: 0 })
        {
            _index.Remove(group);
        }
    }
}
