using Coxswain.Node.Runtime;
using Coxswain.Node.Tests.Agent;

namespace Coxswain.Node.Tests.Pods;

/// <summary>A pod ends when nothing new is led to it any more.</summary>
public sealed class PodTrafficTests
{
    [Fact]
    public async Task Delete_WhileConnectionsAreLedToThePod_StopsItsContainersAfterwards()
    {
        var traffic = new HeldTraffic();
        await using var node = await FakeNode.StartAsync(traffic: traffic);
        var pod = await node.CreateAsync();
        await node.WaitForReadyAsync();

        await node.DeleteAsync();
        Assert.Equal(pod.Metadata.Uid, await traffic.Asked.Task.WaitAsync(TestNode.Timeout));
        Assert.DoesNotContain("StopContainer main", node.Runtime.Calls);

        traffic.Withdrawn.SetResult(false);
        await node.WaitForAsync(pod => pod is null);
        Assert.Contains("StopContainer main", node.Runtime.Calls);
    }

    [Fact]
    public async Task Delete_PodThatServed_LeavesTimeForWhatIsOnItsWay()
    {
        var traffic = new HeldTraffic();
        traffic.Withdrawn.SetResult(true);
        await using var node = await FakeNode.StartAsync(traffic: traffic);
        await node.CreateAsync();
        await node.WaitForReadyAsync();

        await node.DeleteAsync();
        await node.Time.ArmedAsync(TimeSpan.FromMilliseconds(500), TestNode.Timeout);
        Assert.DoesNotContain("StopContainer main", node.Runtime.Calls);
        node.Time.Advance(TimeSpan.FromMilliseconds(500));
        await node.WaitForAsync(pod => pod is null);
    }

    [Fact]
    public async Task Delete_ConnectionsAreNeverWithdrawn_StopsItsContainersAllTheSame()
    {
        var traffic = new HeldTraffic();
        await using var node = await FakeNode.StartAsync(traffic: traffic);
        await node.CreateAsync();
        await node.WaitForReadyAsync();

        await node.DeleteAsync(graceSeconds: 4);
        await traffic.Asked.Task.WaitAsync(TestNode.Timeout);
        await node.Time.ArmedAsync(TimeSpan.FromSeconds(2), TestNode.Timeout);
        node.Time.Advance(TimeSpan.FromSeconds(2));
        await node.WaitForAsync(pod => pod is null);
        Assert.Contains("StopContainer main", node.Runtime.Calls);
    }

    [Fact]
    public async Task Delete_ByForce_AsksNobody()
    {
        var traffic = new HeldTraffic();
        await using var node = await FakeNode.StartAsync(traffic: traffic);
        await node.CreateAsync();
        await node.WaitForReadyAsync();

        await node.DeleteAsync(graceSeconds: 0);
        await node.WaitForAsync(pod => pod is null);
        await node.StopAsync();
        Assert.False(traffic.Asked.Task.IsCompleted);
    }

    private sealed class HeldTraffic : IPodTraffic
    {
        public TaskCompletionSource<string> Asked { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public TaskCompletionSource<bool> Withdrawn { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public Task<bool> WaitUntilWithdrawnAsync(string uid, CancellationToken cancellationToken)
        {
            Asked.TrySetResult(uid);
            return Withdrawn.Task.WaitAsync(cancellationToken);
        }
    }
}
