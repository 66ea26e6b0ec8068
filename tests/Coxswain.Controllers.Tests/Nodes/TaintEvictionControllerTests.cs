using Coxswain.Api.Core.V1;
using Coxswain.Client;
using Coxswain.Controllers.Nodes;

namespace Coxswain.Controllers.Tests.Nodes;

public sealed class TaintEvictionControllerTests
{
    private const string Key = NodeHealth.Unreachable;

    [Fact]
    public async Task Taint_IsAdded_PodsLeaveWhenTheirTolerationEnds()
    {
        await using var cluster = Cluster();
        var node = await cluster.Client.CreateAsync(Nodes.Ready("node-1"), default);
        await cluster.Client.CreateAsync(Nodes.ReadyPod("at-once", "node-1"), default);
        await cluster.Client.CreateAsync(Nodes.ReadyPod("later", "node-1", Tolerate(300)), default);
        await cluster.Client.CreateAsync(Nodes.ReadyPod("never", "node-1", Tolerate(null)), default);
        var last = await cluster.Client.CreateAsync(Nodes.ReadyPod("elsewhere", "node-2"), default);
        await cluster.DeliveredAsync(last);
        await cluster.Client.UpdateAsync(node with { Spec = node.Spec with { Taints = [NoExecute(cluster)] } }, default);

        var pods = await DeletingAsync(cluster, "at-once");
        Assert.Equal("DeletionByTaintManager", pods.Single(pod => pod.Metadata.Name == "at-once").Find("DisruptionTarget")?.Reason);
        await cluster.WaitForCheckAtAsync(300);
        cluster.AdvanceTo(300);
        await DeletingAsync(cluster, "at-once", "later");
    }

    [Fact]
    public async Task Taint_IsTakenBackInTime_PodsStay()
    {
        await using var cluster = Cluster();
        var node = await cluster.Client.CreateAsync(Nodes.Ready("node-1", NoExecute(cluster)), default);
        await cluster.DeliveredAsync(node);
        await cluster.Client.CreateAsync(Nodes.ReadyPod("web", "node-1", Tolerate(300)), default);
        await cluster.WaitForCheckAtAsync(300);
        cluster.AdvanceTo(200);
        node = await cluster.Client.UpdateAsync(node with { Spec = node.Spec with { Taints = [] } }, default);
        await cluster.DeliveredAsync(node);
        cluster.AdvanceTo(299);
        node = await cluster.Client.UpdateAsync(node with { Spec = node.Spec with { Taints = [NoExecute(cluster)] } }, default);
        await cluster.DeliveredAsync(node);
        cluster.AdvanceTo(300);

        await cluster.WaitForCheckAtAsync(599);
        var pod = await cluster.Client.GetAsync<Pod>("default", "web", default);
        Assert.Null(pod.Metadata.DeletionTimestamp);
        cluster.AdvanceTo(599);
        await DeletingAsync(cluster, "web");
    }

    [Theory]
    [InlineData(null, null, null)]
    [InlineData(60L, null, 60L)]
    [InlineData(60L, 30L, 30L)]
    [InlineData(-5L, null, 0L)]
    public void LeavesAt_TwoTolerations_ShortestCounts(long? first, long? second, long? expected)
    {
        var now = new DateTimeOffset(2030, 1, 1, 0, 0, 0, TimeSpan.Zero);
        var taint = new Taint { Key = Key, Effect = TaintEffect.NoExecute, TimeAdded = now };
        var leaves = TaintEvictionController.LeavesAt([Tolerate(first), Tolerate(second)], [taint], now.AddSeconds(10));
        Assert.Equal(expected is { } seconds ? now.AddSeconds(seconds) : null, leaves);
    }

    private static ClockedControllers Cluster() => new(context => new TaintEvictionController(context));

    private static Toleration Tolerate(long? seconds) => new() { Key = Key, Operator = "Exists", Effect = TaintEffect.NoExecute, TolerationSeconds = seconds };

    private static Taint NoExecute(ClockedControllers cluster) => new() { Key = Key, Effect = TaintEffect.NoExecute, TimeAdded = cluster.Time.GetUtcNow() };

    private static Task<IReadOnlyList<Pod>> DeletingAsync(ClockedControllers cluster, params string[] names) =>
        cluster.Client.WaitForAsync<Pod>($"deletion of just {string.Join(", ", names)}", pods =>
            pods.Where(pod => pod.Metadata.DeletionTimestamp is not null).Select(pod => pod.Metadata.Name).SequenceEqual(names));
}
