using Coxswain.Testing.Time;

namespace Coxswain.Client.Tests.Time;

public sealed class VirtualTimeTests
{
    private readonly VirtualTime _time = new();
    private readonly List<string> _fired = [];

    [Fact]
    public void Advance_SeveralTimers_FireInOrderAtTheirInstants()
    {
        var start = _time.GetUtcNow();
        using var late = After("late", 20);
        using var soon = After("soon", 10);
        using var next = After("next", 10);
        using var never = After("never", 31);
        using var tick = _time.CreateTimer(_ => Note("tick"), null, TimeSpan.FromSeconds(12), TimeSpan.FromSeconds(12));
        _time.Advance(TimeSpan.FromSeconds(30));
        Assert.Equal(["soon 10", "next 10", "tick 12", "late 20", "tick 24"], _fired);
        Assert.Equal(start + TimeSpan.FromSeconds(30), _time.GetUtcNow());

        void Note(string name) => _fired.Add($"{name} {(_time.GetUtcNow() - start).TotalSeconds}");
        ITimer After(string name, int seconds) => _time.CreateTimer(_ => Note(name), null, TimeSpan.FromSeconds(seconds), Timeout.InfiniteTimeSpan);
    }

    [Fact]
    public void Advance_TimerThatSetsItselfAgain_FiresAgainWithinTheSameAdvance()
    {
        ITimer? timer = null;
        timer = _time.CreateTimer(
            _ =>
            {
                _fired.Add("fired");
                timer!.Change(TimeSpan.FromSeconds(1), Timeout.InfiniteTimeSpan); // Set before the clock moves.
            },
            null, TimeSpan.FromSeconds(1), Timeout.InfiniteTimeSpan);
        _time.Advance(TimeSpan.FromSeconds(3));
        timer.Dispose();
        _time.Advance(TimeSpan.FromSeconds(3));
        Assert.Equal(3, _fired.Count);
    }

    [Fact]
    public async Task Delay_ByThisClock_EndsWhenItIsAdvanced()
    {
        var delay = Task.Delay(TimeSpan.FromHours(1), _time);
        await _time.WaitForTimerAsync(_time.GetUtcNow() + TimeSpan.FromHours(1), Bounded.Token);
        _time.Advance(TimeSpan.FromMinutes(59));
        Assert.False(delay.IsCompleted);
        _time.Advance(TimeSpan.FromMinutes(1));
        await delay.WaitAsync(Bounded.Token);
    }

    [Fact]
    public void SetClock_TimerIsSet_FiresWhenItsTimeHasPassed()
    {
        using var timer = _time.CreateTimer(_ => _fired.Add("fired"), null, TimeSpan.FromSeconds(10), Timeout.InfiniteTimeSpan);
        var (start, timestamp) = (_time.GetUtcNow(), _time.GetTimestamp());
        _time.SetClock(TimeSpan.FromHours(2));
        _time.Advance(TimeSpan.FromSeconds(9));
        Assert.Empty(_fired);
        _time.Advance(TimeSpan.FromSeconds(1));
        Assert.Single(_fired);
        Assert.Equal(start + TimeSpan.FromHours(2) + TimeSpan.FromSeconds(10), _time.GetUtcNow());
        Assert.Equal(TimeSpan.FromSeconds(10), _time.GetElapsedTime(timestamp));
    }

    [Fact]
    public void Advance_TimersSetAnewAndDisposed_FireAsLastSet()
    {
        var timers = Enumerable.Range(0, 300)
            .Select(number => _time.CreateTimer(_ => _fired.Add($"{number}"), null, TimeSpan.FromSeconds(1), Timeout.InfiniteTimeSpan)).ToList();
        foreach (var timer in timers.Skip(2))
        {
            timer.Dispose();
        }

        timers[0].Change(TimeSpan.FromSeconds(3), Timeout.InfiniteTimeSpan);
        Assert.Equal(_time.GetUtcNow() + TimeSpan.FromSeconds(1), _time.NextDue);
        _time.Advance(TimeSpan.FromSeconds(5));
        Assert.Equal(["1", "0"], _fired);
        Assert.Null(_time.NextDue);
    }
}
