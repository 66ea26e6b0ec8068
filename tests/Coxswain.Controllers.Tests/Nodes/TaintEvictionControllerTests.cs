using Coxswain.Api.Core.V1;
using Coxswain.Client;
using Coxswain.Controllers.Nodes;
using V1Node = Coxswain.Api.Core.V1.Node;

namespace Coxswain.Controllers.Tests.Nodes;

public sealed class TaintEvictionControllerTests
{
    /// <summary>Not one that every pod gets a toleration for.</summary>
    private const string Key = "example.com/maintenance";

    [Fact]
    public async Task Taint_IsAdded_PodsLeaveWhenTheirTolerationEnds()
    {
        await using var cluster = await ClusterAsync();
        await cluster.Cluster.CreateWithStatusAsync(Nodes.Ready("node-1"));
        await cluster.Cluster.CreateWithStatusAsync(Nodes.ReadyPod("at-once", "node-1"));
        await cluster.Cluster.CreateWithStatusAsync(Nodes.ReadyPod("later", "node-1", Tolerate(300)));
        await cluster.Cluster.CreateWithStatusAsync(Nodes.ReadyPod("never", "node-1", Tolerate(null)));
        await cluster.Cluster.CreateWithStatusAsync(Nodes.ReadyPod("elsewhere", "node-2"));
        await TaintAsync(cluster, NoExecute(cluster));

        var pods = await DeletingAsync(cluster, "at-once");
        Assert.Equal("DeletionByTaintManager", pods.Single(pod => pod.Metadata.Name == "at-once").Find("DisruptionTarget")?.Reason);
        cluster.AdvanceTo(300);
        await DeletingAsync(cluster, "at-once", "later");
    }

    [Fact]
    public async Task Taint_IsTakenBackInTime_PodsStay()
    {
        await using var cluster = await ClusterAsync();
        await cluster.Cluster.CreateWithStatusAsync(Nodes.Ready("node-1", NoExecute(cluster)));
        await cluster.Cluster.CreateWithStatusAsync(Nodes.ReadyPod("web", "node-1", Tolerate(300)));
        cluster.AdvanceTo(200);
        await TaintAsync(cluster);
        cluster.AdvanceTo(299);
        await TaintAsync(cluster, NoExecute(cluster));
        cluster.AdvanceTo(300);

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

    private static Task<ControlPlane> ClusterAsync() => ControlPlane.StartAsync(context => new TaintEvictionController(context));

    private static Toleration Tolerate(long? seconds) => new() { Key = Key, Operator = "Exists", Effect = TaintEffect.NoExecute, TolerationSeconds = seconds };

    private static Taint NoExecute(ControlPlane cluster) => new() { Key = Key, Effect = TaintEffect.NoExecute, TimeAdded = cluster.Time.GetUtcNow() };

    private static Task TaintAsync(ControlPlane cluster, params Taint[] taints) =>
        cluster.UpdateAsync<V1Node>(null, "node-1", node => node with { Spec = node.Spec with { Taints = taints } });

    private static Task<IReadOnlyList<Pod>> DeletingAsync(ControlPlane cluster, params string[] names) =>
        cluster.WaitForAsync<Pod>($"deletion of just {string.Join(", ", names)}", pods =>
            pods.Where(pod => pod.Metadata.DeletionTimestamp is not null).Select(pod => pod.Metadata.Name).SequenceEqual(names));
}
