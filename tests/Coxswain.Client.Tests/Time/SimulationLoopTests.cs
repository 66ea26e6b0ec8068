using Coxswain.Testing.Time;

namespace Coxswain.Client.Tests.Time;

public sealed class SimulationLoopTests
{
    private readonly VirtualTime _time = new();
    private readonly SimulationLoop _loop;
    private readonly List<string> _seen = [];

    public SimulationLoopTests() => _loop = new SimulationLoop(_time);

    [Fact]
    public void Advance_TwoParts_TakeTurnsInTheOrderOfTheirTimers()
    {
        var thread = Environment.CurrentManagedThreadId;
        _loop.Start(() => TickAsync("a", 2));
        _loop.Start(() => TickAsync("b", 3));
        _loop.Advance(TimeSpan.FromSeconds(6));
        Assert.Equal(["a 2", "b 3", "a 4", "b 6", "a 6"], _seen);

        async Task TickAsync(string name, int seconds)
        {
            var start = _time.GetTimestamp();
            while (true)
            {
                await Task.Delay(TimeSpan.FromSeconds(seconds), _time);
                Assert.Equal(thread, Environment.CurrentManagedThreadId);
                _seen.Add($"{name} {_time.GetElapsedTime(start).TotalSeconds}");
            }
        }
    }

    [Fact]
    public async Task Run_CallThatWaits_LetsOnlySoMuchTimePass()
    {
        var start = _time.GetUtcNow();
        Assert.Equal(7, await _loop.Run(() => AfterAsync(7), TimeSpan.FromSeconds(10)));
        Assert.Equal(start.AddSeconds(7), _time.GetUtcNow());
        await Assert.ThrowsAsync<TimeoutException>(() => _loop.Run(() => AfterAsync(70), TimeSpan.FromSeconds(10)));

        async Task<int> AfterAsync(int seconds)
        {
            await Task.Delay(TimeSpan.FromSeconds(seconds), _time);
            return seconds;
        }
    }

    [Fact]
    public async Task RunToEnd_WorkOnAnotherThread_IsWaitedFor()
    {
        using var stop = new CancellationTokenSource();
        stop.Token.Register(() => _seen.Add("stopped"));
        await _loop.RunToEnd(async () =>
        {
            await stop.CancelAsync();
            _seen.Add("ended");
        });
        Assert.Equal(["stopped", "ended"], _seen);
    }
}
