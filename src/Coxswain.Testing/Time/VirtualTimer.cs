namespace Coxswain.Testing.Time;

/// <summary>A timer of a <see cref="VirtualTime"/>, which guards everything in it.</summary>
internal sealed class VirtualTimer(VirtualTime time, TimerCallback callback, object? state) : ITimer
{
    public const long NotSet = 0;

    public DateTimeOffset Due { get; set; }

    public TimeSpan Period { get; set; }

    /// <summary>Of timers due at the same instant the one set first fires first; <see cref="NotSet"/> while it is not set.</summary>
    public long Order { get; set; }

    public bool Change(TimeSpan dueTime, TimeSpan period)
    {
        time.Set(this, dueTime, period);
        return true;
    }

    public void Fire() => callback(state);

    public void Dispose() => time.Set(this, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);

    public ValueTask DisposeAsync()
    {
        Dispose();
        return ValueTask.CompletedTask;
    }
}
