using Coxswain.Client.WorkQueues;
using Coxswain.Testing.Time;

namespace Coxswain.Client.Tests.WorkQueues;

public sealed class WorkQueueTests
{
    [Fact]
    public async Task Add_Twice_IsTakenOnce()
    {
        using var queue = new WorkQueue<string>(TimeProvider.System);
        queue.Add("a");
        queue.Add("a");
        queue.Add("b");
        Assert.Equal(2, queue.Count);
        Assert.Equal("a", await queue.TakeAsync(Bounded.Token));
        Assert.Equal("b", await queue.TakeAsync(Bounded.Token));
        Assert.Equal(0, queue.Count);
    }

    [Fact]
    public async Task Add_WhileWorkedOn_ComesBackOnlyWhenDone()
    {
        using var queue = new WorkQueue<string>(TimeProvider.System);
        queue.Add("a");
        await queue.TakeAsync(Bounded.Token);
        queue.Add("a");
        queue.Add("a");
        Assert.Equal(0, queue.Count);
        queue.Done("a");
        Assert.Equal("a", await queue.TakeAsync(Bounded.Token));
        queue.Done("a");
        Assert.Equal(0, queue.Count);
    }

    [Fact]
    public async Task AddAfter_SeveralDelays_TheEarliestCountsAndOnlyOnce()
    {
        var time = new VirtualTime();
        using var queue = new WorkQueue<string>(time);
        queue.AddAfter("late", TimeSpan.FromHours(1));
        queue.AddAfter("a", TimeSpan.FromMinutes(59));
        queue.AddAfter("a", TimeSpan.FromMilliseconds(5));
        queue.AddAfter("a", TimeSpan.FromMinutes(1));
        time.Advance(TimeSpan.FromMilliseconds(4));
        Assert.Equal(0, queue.Count);
        time.Advance(TimeSpan.FromMilliseconds(1));
        Assert.Equal("a", await queue.TakeAsync(Bounded.Token));
        queue.Done("a");
        time.Advance(TimeSpan.FromMinutes(59));
        Assert.Equal(0, queue.Count);
        time.Advance(TimeSpan.FromMinutes(1));
        Assert.Equal("late", await queue.TakeAsync(Bounded.Token));
    }

    [Fact]
    public async Task AddRateLimited_Failures_WaitLongerEachTimeUntilForgotten()
    {
        var time = new VirtualTime();
        using var queue = new WorkQueue<string>(time);
        foreach (var milliseconds in new[] { 5, 10, 20, 5 })
        {
            queue.AddRateLimited("a");
            time.Advance(TimeSpan.FromMilliseconds(milliseconds - 1));
            Assert.Equal(0, queue.Count);
            time.Advance(TimeSpan.FromMilliseconds(1));
            Assert.Equal("a", await queue.TakeAsync(Bounded.Token));
            queue.Done("a");
            if (milliseconds == 20)
            {
                queue.Forget("a");
            }
        }
    }

    [Fact]
    public async Task Take_KeysOfSeveralPriorities_HighestFirstThenInOrder()
    {
        using var queue = new WorkQueue<string>(TimeProvider.System, priorityOf: key => key[0] - '0');
        string[] keys = ["1-a", "0-a", "2-a", "1-b", "0-b", "2-b"];
        foreach (var key in keys)
        {
            queue.Add(key);
        }

        foreach (var expected in (string[])["2-a", "2-b", "1-a", "1-b", "0-a", "0-b"])
        {
            Assert.Equal(expected, await queue.TakeAsync(Bounded.Token));
        }
    }

    [Theory]
    [InlineData(0, 5)]
    [InlineData(1, 10)]
    [InlineData(4, 80)]
    [InlineData(60, 60000)]
    public void BackOff_Failures_DoubleUpToTheLongest(int failures, int milliseconds) =>
        Assert.Equal(TimeSpan.FromMilliseconds(milliseconds), BackOff.Default.After(failures));

    [Fact]
    public void Add_AfterDispose_IsIgnored()
    {
        var queue = new WorkQueue<string>(TimeProvider.System);
        queue.Dispose();
        queue.Add("a");
        queue.AddAfter("b", TimeSpan.FromSeconds(1));
        Assert.Equal(0, queue.Count);
    }
}
