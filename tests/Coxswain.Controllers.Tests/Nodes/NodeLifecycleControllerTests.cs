using Coxswain.Api.Coordination.V1;
using Coxswain.Api.Core.V1;
using Coxswain.Api.Meta.V1;
using Coxswain.Client;
using Coxswain.Controllers.Nodes;
using V1Node = Coxswain.Api.Core.V1.Node;

namespace Coxswain.Controllers.Tests.Nodes;

public sealed class NodeLifecycleControllerTests
{
    private static readonly string[] Unreachable = ["node.kubernetes.io/unreachable:NoSchedule", "node.kubernetes.io/unreachable:NoExecute"];

    [Fact]
    public async Task Lease_Expires_NodeIsUnknownAndTaintedAndItsPodsAreNotReady()
    {
        await using var cluster = await ClusterAsync();
        await cluster.Cluster.CreateWithStatusAsync(Nodes.Ready("node-1"));
        await cluster.Cluster.CreateWithStatusAsync(Nodes.ReadyPod("web", "node-1"));
        await cluster.Cluster.CreateWithStatusAsync(Nodes.ReadyPod("elsewhere", "living"));
        cluster.AdvanceTo(40);

        var node = await TaintedAsync(cluster, Unreachable);
        var died = cluster.Start.AddSeconds(40);
        Assert.All(node.Spec.Taints, taint => Assert.Equal(died, taint.TimeAdded));
        Assert.Equal(["Ready", "MemoryPressure", "DiskPressure", "PIDPressure"], node.Status.Conditions.Select(condition => condition.Type));
        Assert.All(node.Status.Conditions, condition => Assert.Equal(("Unknown", died), (condition.Status, condition.LastTransitionTime)));
        Assert.Equal(("NodeStatusUnknown", "NodeStatusNeverUpdated"), (node.Status.Conditions[0].Reason, node.Status.Conditions[1].Reason));
        var pods = await cluster.WaitForAsync<Pod>("its pod to be out of service", found => found.Any(pod => !pod.IsReady()));
        Assert.Equal("elsewhere", Assert.Single(pods, PodConditions.IsReady).Metadata.Name);
        await cluster.WaitForAsync<Event>("the node's event", events => events.Any(recorded => recorded is { Reason: "NodeNotReady", InvolvedObject.Kind: "Node" }));
    }

    [Fact]
    public async Task Lease_Renewed_NodeLivesForAsLongAgain()
    {
        await using var cluster = await ClusterAsync();
        await cluster.Cluster.CreateWithStatusAsync(Nodes.Ready("node-1"));
        await cluster.Client.CreateAsync(Nodes.Lease("node-1", cluster.Time.GetUtcNow()), default);
        cluster.AdvanceTo(25);
        await RenewAsync(cluster);
        cluster.AdvanceTo(40);

        var node = await cluster.Client.GetAsync<V1Node>(null, "node-1", default);
        Assert.Equal("True", NodeHealth.ReadyStatus(node));
        Assert.Empty(node.Spec.Taints);

        cluster.AdvanceTo(65);
        await TaintedAsync(cluster, Unreachable);
    }

    [Fact]
    public async Task Node_Returns_TaintsAreTakenBackAndItCanBeLostAgain()
    {
        await using var cluster = await ClusterAsync();
        await cluster.Cluster.CreateWithStatusAsync(Nodes.Ready("node-1"));
        await cluster.Client.CreateAsync(Nodes.Lease("node-1", cluster.Time.GetUtcNow()), default);
        cluster.AdvanceTo(40);
        await TaintedAsync(cluster, Unreachable);

        cluster.AdvanceTo(100);
        await RenewAsync(cluster);
        await SayReadyAsync(cluster, "True");
        await TaintedAsync(cluster);

        cluster.AdvanceTo(140);
        var node = await TaintedAsync(cluster, Unreachable);
        Assert.All(node.Spec.Taints, taint => Assert.Equal(cluster.Start.AddSeconds(140), taint.TimeAdded));
    }

    [Fact]
    public async Task Node_SaysItIsNotReady_IsTaintedSoBesidesOthersTaints()
    {
        await using var cluster = await ClusterAsync();
        var ready = Nodes.Ready("node-1");
        await cluster.Cluster.CreateWithStatusAsync(
            ready with { Spec = ready.Spec with { Taints = [new Taint { Key = "dedicated", Effect = "NoSchedule" }] } });
        await SayReadyAsync(cluster, "False");

        await TaintedAsync(cluster, "dedicated:NoSchedule", "node.kubernetes.io/not-ready:NoSchedule", "node.kubernetes.io/not-ready:NoExecute");
        cluster.AdvanceTo(40);
        await TaintedAsync(cluster, ["dedicated:NoSchedule", .. Unreachable]);
    }

    [Fact]
    public async Task Node_HasNotSpokenYet_GetsNoMorePodsButKeepsItsOwn()
    {
        await using var cluster = await ClusterAsync();
        await cluster.Client.CreateAsync(new V1Node { Metadata = ObjectMeta.Empty with { Name = "node-1" } }, default);
        await TaintedAsync(cluster, "node.kubernetes.io/not-ready:NoSchedule");
        cluster.AdvanceTo(40);
        await TaintedAsync(cluster, Unreachable);
    }

    [Fact]
    public async Task Nodes_AllSilent_NoneEvictsUntilOneIsHeardAgain()
    {
        await using var cluster = await ClusterAsync(withLivingNode: false);
        await cluster.Cluster.CreateWithStatusAsync(Nodes.Ready("node-1"));
        await cluster.Cluster.CreateWithStatusAsync(Nodes.Ready("node-2"));
        await cluster.Client.CreateAsync(Nodes.Lease("node-2", cluster.Start), default);
        cluster.AdvanceTo(600);
        await TaintedAsync(cluster, "node.kubernetes.io/unreachable:NoSchedule");

        await cluster.UpdateAsync<Lease>("kube-node-lease", "node-2", lease => lease with { Spec = lease.Spec with { RenewTime = cluster.Time.GetUtcNow() } });
        await cluster.UpdateStatusAsync<V1Node>(null, "node-2", node => Nodes.WithReady(node, "True", cluster.Time.GetUtcNow()));
        cluster.Cluster.Run(stopping => KeepAliveAsync(cluster, "node-2", stopping));

        // The other gets its whole time again.
        cluster.AdvanceTo(639);
        await TaintedAsync(cluster, "node.kubernetes.io/unreachable:NoSchedule");
        cluster.AdvanceTo(640);
        await TaintedAsync(cluster, Unreachable);
    }

    [Fact]
    public async Task Nodes_TwoOfFourSilent_EvictOneAfterTheOther()
    {
        await using var cluster = await ClusterAsync();
        await cluster.Cluster.CreateWithStatusAsync(Nodes.Ready("living-2"));
        await cluster.Client.CreateAsync(Nodes.Lease("living-2", cluster.Start), default);
        cluster.Cluster.Run(stopping => KeepAliveAsync(cluster, "living-2", stopping));
        await cluster.Cluster.CreateWithStatusAsync(Nodes.Ready("node-1"));
        await cluster.Cluster.CreateWithStatusAsync(Nodes.Ready("node-2"));

        cluster.AdvanceTo(40);
        Assert.Equal(1, await EvictingAsync(cluster));
        cluster.AdvanceTo(49);
        Assert.Equal(1, await EvictingAsync(cluster));
        cluster.AdvanceTo(50);
        Assert.Equal(2, await EvictingAsync(cluster));
    }

    [Fact]
    public async Task Clock_IsSetForward_NobodyIsTakenForSilent()
    {
        await using var cluster = await ClusterAsync();
        await cluster.Cluster.CreateWithStatusAsync(Nodes.Ready("node-1"));
        cluster.AdvanceTo(30);
        cluster.Time.SetClock(TimeSpan.FromHours(1));
        await SayReadyAsync(cluster, "True");
        cluster.Cluster.Advance(TimeSpan.FromSeconds(39));
        await TaintedAsync(cluster);
        cluster.Cluster.Advance(TimeSpan.FromSeconds(1));
        await TaintedAsync(cluster, Unreachable);
    }

    [Theory]
    [InlineData(1, 0, "Normal", 10)]
    [InlineData(3, 2, "Normal", 10)]
    [InlineData(2, 3, "PartialDisruption", null)]
    [InlineData(20, 40, "PartialDisruption", 100)]
    [InlineData(0, 1, "FullDisruption", 10)]
    public void Zone_SoManyReady_IsInThatStateAndEvictsAtThatPace(int ready, int silent, string state, int? seconds)
    {
        var elsewhere = InZone(Nodes.Ready("elsewhere"), "b");
        var nodes = Enumerable.Range(0, ready).Select(i => InZone(Nodes.Ready($"ready-{i}"), "a"))
            .Concat(Enumerable.Range(0, silent).Select(i => InZone(Nodes.WithReady(Nodes.Ready($"silent-{i}"), "Unknown", DateTimeOffset.UnixEpoch), "a")));
        var zones = ZoneStates.Of([.. nodes, elsewhere]);
        var zone = ZoneStates.ZoneOf(InZone(elsewhere, "a"));
        Assert.Equal(state, $"{zones.StateOf(zone)}");
        Assert.Equal(seconds, (int?)zones.IntervalOf(zone)?.TotalSeconds);
        Assert.False(zones.AllDisrupted);
    }

    private static V1Node InZone(V1Node node, string zone) =>
        node with { Metadata = node.Metadata with { Labels = new Dictionary<string, string> { ["topology.kubernetes.io/zone"] = zone } } };

    private static async Task<int> EvictingAsync(ControlPlane cluster) =>
        (await cluster.Client.ListAsync<V1Node>(null, ListQuery.All, default)).Items.Count(node => TaintsOf(node).Contains(Unreachable[1]));

    /// <summary>With a node that is always heard: while all are silent, nobody is evicted.</summary>
    private static async Task<ControlPlane> ClusterAsync(bool withLivingNode = true)
    {
        var cluster = await ControlPlane.StartAsync(context => new NodeLifecycleController(context, TimeSpan.FromSeconds(40)));
        if (withLivingNode)
        {
            await cluster.Cluster.CreateWithStatusAsync(Nodes.Ready("living"));
            await cluster.Client.CreateAsync(Nodes.Lease("living", cluster.Start), default);
            cluster.Cluster.Run(stopping => KeepAliveAsync(cluster, "living", stopping));
        }

        return cluster;
    }

    private static async Task KeepAliveAsync(ControlPlane cluster, string name, CancellationToken stopping)
    {
        while (!stopping.IsCancellationRequested)
        {
            await Task.Delay(TimeSpan.FromSeconds(10), cluster.Time, stopping).ConfigureAwait(
                ConfigureAwaitOptions.SuppressThrowing | ConfigureAwaitOptions.ContinueOnCapturedContext);
            var renewal = KubePatch.Merge(new { spec = new { renewTime = cluster.Time.GetUtcNow().ToString("yyyy-MM-ddTHH:mm:ss.ffffffZ") } });
            if (!stopping.IsCancellationRequested)
            {
                await cluster.Cluster.Server.Admin.PatchAsync<Lease>("kube-node-lease", name, renewal, stopping);
            }
        }
    }

    private static Task RenewAsync(ControlPlane cluster) =>
        cluster.UpdateAsync<Lease>("kube-node-lease", "node-1", lease => lease with { Spec = lease.Spec with { RenewTime = cluster.Time.GetUtcNow() } });

    private static Task SayReadyAsync(ControlPlane cluster, string status) =>
        cluster.UpdateStatusAsync<V1Node>(null, "node-1", node => Nodes.WithReady(node, status, cluster.Time.GetUtcNow()));

    private static async Task<V1Node> TaintedAsync(ControlPlane cluster, params string[] taints) =>
        (await cluster.WaitForAsync<V1Node>($"taints {string.Join(", ", taints)}", nodes =>
            nodes.Any(node => node.Metadata.Name == "node-1" && TaintsOf(node).SequenceEqual(taints))))
        .Single(node => node.Metadata.Name == "node-1");

    private static IEnumerable<string> TaintsOf(V1Node node) => node.Spec.Taints.Select(taint => $"{taint.Key}:{taint.Effect}");
}
