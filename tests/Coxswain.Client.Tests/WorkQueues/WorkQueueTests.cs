using Coxswain.Client.WorkQueues;

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
        using var queue = new WorkQueue<string>(TimeProvider.System);
        queue.AddAfter("late", TimeSpan.FromHours(1));
        queue.AddAfter("a", TimeSpan.FromHours(1));
        queue.AddAfter("a", TimeSpan.FromMilliseconds(5));
        queue.AddAfter("a", TimeSpan.FromMinutes(1));
        Assert.Equal("a", await queue.TakeAsync(Bounded.Token));
        queue.Done("a");
        Assert.Equal(0, queue.Count);
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
