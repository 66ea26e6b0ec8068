using System.Threading.Channels;

namespace Coxswain.Client.WorkQueues;

/// <summary>
/// Keys that need reconciling. A key added several times before a worker takes it is delivered once; a key is never with
/// two workers at a time: one added while it is being worked on is delivered again when that is done.
/// </summary>
/// <remarks>Its length is bounded by the number of distinct keys, which are objects in a cache: nothing is ever dropped.</remarks>
public sealed class WorkQueue<TKey> : IDisposable
    where TKey : notnull
{
    private readonly TimeProvider _time;
    private readonly BackOff _backOff;
    private readonly Func<TKey, int>? _priorityOf;
    private readonly Lock _lock = new();
    private readonly PriorityQueue<TKey, (long Rank, long Turn)> _ready = new();
    private readonly HashSet<TKey> _dirty = [];
    private readonly HashSet<TKey> _processing = [];
    private readonly Dictionary<TKey, int> _failures = [];
    private readonly Dictionary<TKey, long> _delayed = [];

    // By the monotonic clock: setting the wall clock must neither hurry nor hold up a delay.
    private readonly PriorityQueue<TKey, long> _due = new();

    // One for each ready key. Those who wait go on in their own context, which a semaphore would leave for the thread pool.
    private readonly Channel<bool> _available = Channel.CreateUnbounded<bool>();
    private readonly ITimer _timer;
    private long _timerDue = long.MaxValue;
    private long _turn;
    private bool _closed;

    /// <param name="priorityOf">
    /// Ready keys of a higher number are taken first, those of the same in the order they came. Asked, under the queue's
    /// lock, when a key becomes ready. Null when all are alike.
    /// </param>
    public WorkQueue(TimeProvider time, BackOff? backOff = null, Func<TKey, int>? priorityOf = null)
    {
        _priorityOf = priorityOf;
        _time = time;
        _backOff = backOff ?? BackOff.Default;
        _timer = time.CreateTimer(_ => AddDue(), null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }

    /// <summary>Keys ready to be taken.</summary>
    public int Count
    {
        get
        {
            lock (_lock)
            {
                return _ready.Count;
            }
        }
    }

    public void Add(TKey key)
    {
        lock (_lock)
        {
            AddLocked(key);
        }
    }

    /// <summary>Adds the key once the delay is over; of several delays for one key the earliest counts.</summary>
    public void AddAfter(TKey key, TimeSpan delay)
    {
        lock (_lock)
        {
            if (delay <= TimeSpan.Zero)
            {
                AddLocked(key);
                return;
            }

            var due = _time.GetTimestamp() + ToTimestamp(delay);
            if (_delayed.TryGetValue(key, out var earlier) && earlier <= due)
            {
                return;
            }

            _delayed[key] = due;
            _due.Enqueue(key, due);
            ArmLocked(due);
        }
    }

    /// <summary>Adds the key after a delay that doubles with each failure since it was last forgotten.</summary>
    public void AddRateLimited(TKey key)
    {
        int failures;
        lock (_lock)
        {
            failures = _failures.GetValueOrDefault(key);
            _failures[key] = failures + 1;
        }

        AddAfter(key, _backOff.After(failures));
    }

    /// <summary>How often the key failed since it was last forgotten.</summary>
    public int Failures(TKey key)
    {
        lock (_lock)
        {
            return _failures.GetValueOrDefault(key);
        }
    }

    /// <summary>The key succeeded: its next failure starts the back-off anew.</summary>
    public void Forget(TKey key)
    {
        lock (_lock)
        {
            _failures.Remove(key);
        }
    }

    /// <summary>Takes the next key, which stays with the caller until <see cref="Done"/>.</summary>
    public async Task<TKey> TakeAsync(CancellationToken cancellationToken)
    {
        await _available.Reader.ReadAsync(cancellationToken);
        lock (_lock)
        {
            var key = _ready.Dequeue();
            _dirty.Remove(key);
            _processing.Add(key);
            return key;
        }
    }

    public void Done(TKey key)
    {
        lock (_lock)
        {
            if (_processing.Remove(key) && _dirty.Contains(key))
            {
                PushLocked(key);
            }
        }
    }

    /// <summary>Ends the queue. Informers may go on for a while: what they add from now on is ignored.</summary>
    public void Dispose()
    {
        lock (_lock)
        {
            _closed = true;
        }

        _timer.Dispose();
    }

    private void AddLocked(TKey key)
    {
        if (_dirty.Add(key) && !_processing.Contains(key))
        {
            PushLocked(key);
        }
    }

    private void PushLocked(TKey key)
    {
        if (_closed)
        {
            return;
        }

        _ready.Enqueue(key, (_priorityOf is null ? 0 : -(long)_priorityOf(key), _turn++));
        _available.Writer.TryWrite(true);
    }

    private void AddDue()
    {
        lock (_lock)
        {
            var now = _time.GetTimestamp();
            _timerDue = long.MaxValue;
            while (_due.TryPeek(out var key, out var due))
            {
                if (due > now)
                {
                    ArmLocked(due);
                    return;
                }

                _due.Dequeue();

                // An entry that an earlier delay has overtaken is stale.
                if (_delayed.TryGetValue(key, out var current) && current == due)
                {
                    _delayed.Remove(key);
                    AddLocked(key);
                }
            }
        }
    }

    private void ArmLocked(long due)
    {
        if (_closed || due >= _timerDue)
        {
            return;
        }

        _timerDue = due;
        var delay = _time.GetElapsedTime(_time.GetTimestamp(), due);

        // Rounded up to a whole millisecond: timers fire on those, and one that fires early would only arm itself again.
        var wait = delay > TimeSpan.Zero ? Math.Ceiling(Math.Min(delay.TotalMilliseconds, int.MaxValue - 1)) : 0;
        _timer.Change(TimeSpan.FromMilliseconds(wait), Timeout.InfiniteTimeSpan);
    }

    private long ToTimestamp(TimeSpan delay) => (long)Math.Ceiling(delay.TotalSeconds * _time.TimestampFrequency);
}
