namespace Coxswain.Node.Tests;

/// <summary>A clock that a test moves. Timers fire on the thread that moves it, in the order of their times.</summary>
internal sealed class ManualTime : TimeProvider
{
    private static readonly DateTimeOffset Begin = new(2026, 1, 2, 3, 4, 5, TimeSpan.Zero);

    private readonly Lock _lock = new();
    private readonly List<Timer> _timers = [];
    private TaskCompletionSource _armed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private TaskCompletionSource _disarmed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private DateTimeOffset _now = Begin;

    public override long TimestampFrequency => TimeSpan.TicksPerSecond;

    public override DateTimeOffset GetUtcNow()
    {
        lock (_lock)
        {
            return _now;
        }
    }

    public override long GetTimestamp() => GetUtcNow().Ticks;

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        var timer = new Timer(this, () => callback(state));
        timer.Change(dueTime, period);
        return timer;
    }

    /// <summary>Completes when some timer waits for exactly this long from now.</summary>
    public async Task ArmedAsync(TimeSpan wait, CancellationToken cancellationToken)
    {
        while (true)
        {
            Task armed;
            lock (_lock)
            {
                if (_timers.Exists(timer => timer.At == _now + wait))
                {
                    return;
                }

                armed = _armed.Task;
            }

            await armed.WaitAsync(cancellationToken);
        }
    }

    /// <summary>Completes when no timer waits for exactly this long from now.</summary>
    public async Task NotArmedAsync(TimeSpan wait, CancellationToken cancellationToken)
    {
        while (true)
        {
            Task changed;
            lock (_lock)
            {
                if (!_timers.Exists(timer => timer.At == _now + wait))
                {
                    return;
                }

                changed = _disarmed.Task;
            }

            await changed.WaitAsync(cancellationToken);
        }
    }

    public void Advance(TimeSpan by)
    {
        var end = GetUtcNow() + by;
        while (true)
        {
            Timer? due;
            lock (_lock)
            {
                due = _timers.Where(timer => timer.At <= end).MinBy(timer => timer.At);
                if (due is null)
                {
                    _now = end;
                    return;
                }

                _now = due.At;
                _timers.Remove(due);
            }

            due.Fire();
        }
    }

    private sealed class Timer(ManualTime owner, Action callback) : ITimer
    {
        private TimeSpan _period = Timeout.InfiniteTimeSpan;

        public DateTimeOffset At { get; private set; }

        public bool Change(TimeSpan dueTime, TimeSpan period)
        {
            TaskCompletionSource armed;
            lock (owner._lock)
            {
                owner._timers.Remove(this);
                _period = period;
                if (dueTime == Timeout.InfiniteTimeSpan)
                {
                    return true;
                }

                At = owner._now + dueTime;
                owner._timers.Add(this);
                armed = owner._armed;
                owner._armed = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            }

            armed.SetResult();
            return true;
        }

        public void Fire()
        {
            callback();
            if (_period > TimeSpan.Zero)
            {
                Change(_period, _period);
            }
        }

        public void Dispose()
        {
            lock (owner._lock)
            {
                owner._timers.Remove(this);
                owner._disarmed.SetResult();
                owner._disarmed = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            }
        }

        public ValueTask DisposeAsync()
        {
            Dispose();
            return ValueTask.CompletedTask;
        }
    }
}
