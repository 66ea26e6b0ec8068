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
        await cluster.Cluster.CreateWithStatusAsync(Nodes.ReadyPod("elsewhere", "node-2"));
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

    private static Task<ControlPlane> ClusterAsync() => ControlPlane.StartAsync(context => new NodeLifecycleController(context, TimeSpan.FromSeconds(40)));

    private static Task RenewAsync(ControlPlane cluster) =>
        cluster.UpdateAsync<Lease>("kube-node-lease", "node-1", lease => lease with { Spec = lease.Spec with { RenewTime = cluster.Time.GetUtcNow() } });

    private static Task SayReadyAsync(ControlPlane cluster, string status) =>
        cluster.UpdateStatusAsync<V1Node>(null, "node-1", node => Nodes.WithReady(node, status, cluster.Time.GetUtcNow()));

    private static async Task<V1Node> TaintedAsync(ControlPlane cluster, params string[] taints) =>
        (await cluster.WaitForAsync<V1Node>($"taints {string.Join(", ", taints)}", nodes =>
            nodes is [var node] && node.Spec.Taints.Select(taint => $"{taint.Key}:{taint.Effect}").SequenceEqual(taints)))[0];
}
