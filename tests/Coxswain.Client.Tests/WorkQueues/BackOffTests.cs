using Coxswain.Client.WorkQueues;

namespace Coxswain.Client.Tests.WorkQueues;

public sealed class BackOffTests
{
    private static readonly BackOff MinuteAtMost = new(TimeSpan.FromSeconds(1), TimeSpan.FromMinutes(1));

    [Theory]
    [InlineData(0, 1)]
    [InlineData(3, 8)]
    [InlineData(6, 60)]
    [InlineData(41, 60)]
    [InlineData(int.MaxValue, 60)]
    public void After_AnyNumberOfFailures_DoublesUpToTheLongest(int failures, int seconds) =>
        Assert.Equal(TimeSpan.FromSeconds(seconds), MinuteAtMost.After(failures));
}
