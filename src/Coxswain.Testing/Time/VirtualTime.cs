namespace Coxswain.Testing.Time;

/// <summary>A clock that moves only when a test moves it. Timers that fall due fire in order, each at its own instant.</summary>
/// <remarks>
/// Timers fire on the thread that advances, one after another; what they wake goes on wherever it runs. So a test first
/// waits until the timer it is about is set (<see cref="WaitForTimerAsync"/>), which also tells that whoever sets it has
/// done its work until then, and advances after that. A timer due at once fires with the next advance.
/// <para>Within a <see cref="SimulationLoop"/> no such wait is needed: the loop advances when all work is done.</para>
/// </remarks>
public sealed class VirtualTime(DateTimeOffset start) : TimeProvider
{
    /// <summary>Entries of timers that were set anew or disposed stay in the queue until it holds so many more than are set.</summary>
    private const int MaxStale = 64;

    // All instants within are the start and what has elapsed since: setting the wall clock moves no timer.
    private readonly Lock _lock = new();
    private readonly PriorityQueue<(VirtualTimer Timer, long Order), (DateTimeOffset Due, long Order)> _queue = new();
    private readonly Dictionary<DateTimeOffset, int> _armed = [];
    private readonly Dictionary<DateTimeOffset, TaskCompletionSource> _awaited = [];
    private DateTimeOffset _now = start;
    private TimeSpan _adjustment;
    private int _set;
    private long _order;

    public VirtualTime()
        : this(new DateTimeOffset(2030, 1, 1, 0, 0, 0, TimeSpan.Zero))
    {
    }

    public override long TimestampFrequency => TimeSpan.TicksPerSecond;

    public override TimeZoneInfo LocalTimeZone => TimeZoneInfo.Utc;

    /// <summary>When the next timer fires; null when none is set.</summary>
    public DateTimeOffset? NextDue
    {
        get
        {
            lock (_lock)
            {
                return PeekLocked() is { } next ? next.Due + _adjustment : null;
            }
        }
    }

    public override DateTimeOffset GetUtcNow()
    {
        lock (_lock)
        {
            return _now + _adjustment;
        }
    }

    public override long GetTimestamp()
    {
        lock (_lock)
        {
            return _now.Ticks;
        }
    }

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        var timer = new VirtualTimer(this, callback, state);
        timer.Change(dueTime, period);
        return timer;
    }

    /// <summary>Moves the clock on, and returns when every timer due by then has fired.</summary>
    public void Advance(TimeSpan by)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(by, TimeSpan.Zero);
        AdvanceTo(GetUtcNow() + by);
    }

    /// <inheritdoc cref="Advance"/>
    public void AdvanceTo(DateTimeOffset until)
    {
        while (TakeDue(until) is { } timer)
        {
            timer.Fire();
        }
    }

    /// <summary>Sets the wall clock, forward or back, as an operator or NTP does: no time passes, and no timer notices.</summary>
    public void SetClock(TimeSpan by)
    {
        lock (_lock)
        {
            _adjustment += by;
        }
    }

    /// <summary>Waits until a timer is set for that very instant.</summary>
    public async Task WaitForTimerAsync(DateTimeOffset due, CancellationToken cancellationToken)
    {
        Task armed;
        lock (_lock)
        {
            var key = due - _adjustment;
            if (_armed.ContainsKey(key))
            {
                return;
            }

            if (!_awaited.TryGetValue(key, out var awaited))
            {
                awaited = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
                _awaited.Add(key, awaited);
            }

            armed = awaited.Task;
        }

        try
        {
            await armed.WaitAsync(cancellationToken);
        }
        catch (OperationCanceledException)
        {
            throw new TimeoutException(
                $"no timer was set for {due:O}; it is {GetUtcNow():O}, and timers are set for: {string.Join(", ", Pending())}");
        }
    }

    internal void Set(VirtualTimer timer, TimeSpan dueTime, TimeSpan period)
    {
        lock (_lock)
        {
            UnsetLocked(timer);
            if (dueTime != Timeout.InfiniteTimeSpan)
            {
                timer.Period = period;
                SetLocked(timer, _now + dueTime);
            }
        }
    }

    private void SetLocked(VirtualTimer timer, DateTimeOffset due)
    {
        timer.Due = due;
        timer.Order = ++_order;
        _set++;
        _armed[due] = _armed.GetValueOrDefault(due) + 1;
        _queue.Enqueue((timer, timer.Order), (due, timer.Order));
        if (_awaited.Remove(due, out var awaited))
        {
            awaited.SetResult();
        }
    }

    private void UnsetLocked(VirtualTimer timer)
    {
        if (timer.Order == VirtualTimer.NotSet)
        {
            return;
        }

        timer.Order = VirtualTimer.NotSet;
        _set--;
        if (--_armed[timer.Due] == 0)
        {
            _armed.Remove(timer.Due);
        }

        if (_queue.Count > (2 * _set) + MaxStale)
        {
            var live = _queue.UnorderedItems.Where(item => item.Element.Timer.Order == item.Element.Order).ToList();
            _queue.Clear();
            _queue.EnqueueRange(live);
        }
    }

    /// <summary>The next timer to fire, with the clock set to its instant; null once the clock has arrived.</summary>
    private VirtualTimer? TakeDue(DateTimeOffset until)
    {
        lock (_lock)
        {
            var end = until - _adjustment;
            if (PeekLocked() is not { } next || next.Due > end)
            {
                _now = end > _now ? end : _now;
                return null;
            }

            _queue.Dequeue();
            _now = next.Due > _now ? next.Due : _now;
            UnsetLocked(next);
            if (next.Period > TimeSpan.Zero)
            {
                SetLocked(next, next.Due + next.Period);
            }

            return next;
        }
    }

    private VirtualTimer? PeekLocked()
    {
        while (_queue.TryPeek(out var next, out _))
        {
            if (next.Timer.Order == next.Order)
            {
                return next.Timer;
            }

            _queue.Dequeue();
        }

        return null;
    }

    private DateTimeOffset[] Pending()
    {
        lock (_lock)
        {
            return [.. _armed.Keys.Select(due => due + _adjustment).Order()];
        }
    }
}
