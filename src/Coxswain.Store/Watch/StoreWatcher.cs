using System.Buffers;
using System.Threading.Tasks.Sources;
using Coxswain.Store.History;

namespace Coxswain.Store.Watch;

/// <summary>
/// One position in the log. Waking it only marks its read as done; the events are collected by the reader itself, when
/// it runs, so the writer spends a fraction of a microsecond on each watcher and a late reader gets more at once.
/// </summary>
/// <remarks>
/// Whoever moves the phase away from Waiting owns the completion of the read: the writer that has an event, the
/// cancelled token, or the disposer. A waiting phase carries the number of its read: a writer that is slow to wake could
/// otherwise end the next read, of a watcher that has seen the event already.
/// </remarks>
internal sealed class StoreWatcher(IWatchedLog log, WatchGroup group, long position)
    : IStoreWatcher, IValueTaskSource<WatchBatch>
{
    /// <summary>A reader far behind gets a segment's worth at a time, so that it can pass it on before the next.</summary>
    public const int BatchMost = 1024;

    private const long Idle = 0;
    private const long Disposed = -1;

    private ManualResetValueTaskSourceCore<bool> _source = new() { RunContinuationsAsynchronously = true };
    private CancellationTokenRegistration _registration;
    private CancellationToken _registeredToken;
    private long _phase;
    private long _reads;
    private bool _isOver;
    private long _position = position;

    public long Position => Volatile.Read(ref _position);

    public WatchGroup Group => group;

    /// <summary>For tests: runs when a read found nothing and has not yet said that it waits.</summary>
    public Action? BeforeWaiting { get; set; }

    /// <summary>For tests: runs when a read has said that it waits and has not yet looked for what it missed.</summary>
    public Action? BeforeLookingAgain { get; set; }

    public ValueTask<WatchBatch> ReadAsync(CancellationToken cancellationToken)
    {
        if (_isOver)
        {
            throw new InvalidOperationException("the watch is over: its position was compacted");
        }

        if (cancellationToken.IsCancellationRequested)
        {
            return ValueTask.FromCanceled<WatchBatch>(cancellationToken);
        }

        while (true)
        {
            var phase = Volatile.Read(ref _phase);
            ObjectDisposedException.ThrowIf(phase == Disposed, typeof(IStoreWatcher));
            if (IsWaiting(phase))
            {
                throw new InvalidOperationException("another read of this watcher is waiting");
            }

            if (Collect() is { } batch)
            {
                return new ValueTask<WatchBatch>(batch);
            }

            RegisterFor(cancellationToken);
            BeforeWaiting?.Invoke();
            _source.Reset();
            var waiting = ++_reads;
            if (Interlocked.CompareExchange(ref _phase, waiting, Idle) != Idle)
            {
                continue;
            }

            BeforeLookingAgain?.Invoke();

            // Published or cancelled before the phase could be seen: nobody else will end this wait. If the event is
            // not published yet, its writer looks at the phase after publishing and wakes us.
            var missed = log.State.Revision != Position && group.LastRevision > Position;
            var mustTakeBack = missed || cancellationToken.IsCancellationRequested;
            if (!mustTakeBack || Interlocked.CompareExchange(ref _phase, Idle, waiting) != waiting)
            {
                return new ValueTask<WatchBatch>(this, _source.Version);
            }

            if (cancellationToken.IsCancellationRequested)
            {
                return ValueTask.FromCanceled<WatchBatch>(cancellationToken);
            }
        }
    }

    public ValueTask<long> ProgressAsync(CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        var position = Position;
        var state = log.State;
        if (group.LastRevision <= position || !AnyBetween(state, position, state.Revision))
        {
            MoveTo(state.Revision);
        }

        return ValueTask.FromResult(Position);
    }

    public ValueTask DisposeAsync()
    {
        End();
        log.Close(this);
        return _registration.DisposeAsync();
    }

    /// <summary>
    /// Called by the writer before it publishes an event of the prefix: a watcher that has been told of the prefix's last
    /// event has missed nothing up to the revision before the new one. One that has not stays where it is.
    /// </summary>
    public void Pass(long last, long before)
    {
        if (Position >= last)
        {
            MoveTo(before);
        }
    }

    /// <summary>Called by the writer after it published a batch with an event of the prefix.</summary>
    public void Wake()
    {
        var phase = Volatile.Read(ref _phase);
        if (IsWaiting(phase)
            && Volatile.Read(ref _position) < group.LastRevision
            && Interlocked.CompareExchange(ref _phase, Idle, phase) == phase)
        {
            _source.SetResult(true);
        }
    }

    /// <summary>Ends a waiting read and every later one.</summary>
    public void End()
    {
        if (IsWaiting(Interlocked.Exchange(ref _phase, Disposed)))
        {
            _source.SetException(new ObjectDisposedException(nameof(IStoreWatcher)));
        }
    }

    WatchBatch IValueTaskSource<WatchBatch>.GetResult(short token)
    {
        _source.GetResult(token);
        var batch = Collect();
        Invariant.Holds(batch is not null, "a woken watcher has an event to read");
        return batch.Value;
    }

    ValueTaskSourceStatus IValueTaskSource<WatchBatch>.GetStatus(short token) => _source.GetStatus(token);

    void IValueTaskSource<WatchBatch>.OnCompleted(
        Action<object?> continuation, object? state, short token, ValueTaskSourceOnCompletedFlags flags) =>
        _source.OnCompleted(continuation, state, token, flags);

    private static bool IsWaiting(long phase) => phase > Idle;

    /// <summary>What there is to say now; null for nothing, and then the position is the newest revision.</summary>
    private WatchBatch? Collect()
    {
        var state = log.State;
        if (group.LastRevision <= Position)
        {
            MoveTo(state.Revision);
            return null;
        }

        // Read after the group's revision: whoever raised that has moved us before.
        var position = Position;
        if (position < state.Compacted)
        {
            _isOver = true;
            return new WatchBatch(ReadOutcome.Compacted, []);
        }

        var shared = group.Shared;
        if (shared?.After != position || (shared.To < state.Revision && shared.Events.Length < BatchMost))
        {
            shared = Scan(state, position);
            group.Shared = shared;
        }

        MoveTo(shared.To);
        return shared.Events.Length == 0 ? null : new WatchBatch(ReadOutcome.Ok, shared.Events);
    }

    /// <summary>Never backwards: a bookmark's <see cref="ProgressAsync"/> may run beside a read that is just ending.</summary>
    private void MoveTo(long revision)
    {
        var position = Position;
        while (position < revision)
        {
            position = Interlocked.CompareExchange(ref _position, revision, position) is var seen && seen == position
                ? revision
                : seen;
        }
    }

    private SharedBatch Scan(StoreState state, long after)
    {
        if (after >= state.Revision)
        {
            return new SharedBatch(after, after, []);
        }

        var found = ArrayPool<StoreEvent>.Shared.Rent((int)Math.Min(BatchMost, state.Revision - after));
        var (count, to) = (0, after);
        for (var at = state.SegmentAfter(after); at < state.Segments.Length && count < BatchMost; at++)
        {
            foreach (var storeEvent in state.Segments[at].Between(after, state.Revision))
            {
                to = storeEvent.Revision;
                if (storeEvent.Key.StartsWith(group.Prefix, StringComparison.Ordinal))
                {
                    found[count++] = storeEvent;
                    if (count == BatchMost)
                    {
                        break;
                    }
                }
            }
        }

        var events = found.AsSpan(0, count).ToArray();
        ArrayPool<StoreEvent>.Shared.Return(found, clearArray: true);
        return new SharedBatch(after, count < BatchMost ? state.Revision : to, events);
    }

    private bool AnyBetween(StoreState state, long after, long to)
    {
        if (after < state.Compacted)
        {
            return true;
        }

        for (var at = state.SegmentAfter(after); at < state.Segments.Length; at++)
        {
            foreach (var storeEvent in state.Segments[at].Between(after, to))
            {
                if (storeEvent.Key.StartsWith(group.Prefix, StringComparison.Ordinal))
                {
                    return true;
                }
            }
        }

        return false;
    }

    /// <summary>Most callers read with one token for the life of the watch: one registration serves all reads.</summary>
    private void RegisterFor(CancellationToken cancellationToken)
    {
        if (cancellationToken == _registeredToken)
        {
            return;
        }

        _registration.Dispose();
        _registeredToken = cancellationToken;
        _registration = cancellationToken.UnsafeRegister(
            static (watcher, token) => ((StoreWatcher)watcher!).Cancel(token), this);
    }

    private void Cancel(CancellationToken cancellationToken)
    {
        var phase = Volatile.Read(ref _phase);
        if (IsWaiting(phase) && Interlocked.CompareExchange(ref _phase, Idle, phase) == phase)
        {
            _source.SetException(new OperationCanceledException(cancellationToken));
        }
    }
}
