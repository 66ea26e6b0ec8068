using Coxswain.Api.Core.V1;
using Coxswain.Api.Meta.V1;
using Coxswain.Client;
using Coxswain.Controllers.Nodes;

namespace Coxswain.Controllers.Tests.Nodes;

public sealed class PodGarbageControllerTests
{
    [Fact]
    public async Task Node_Vanishes_ItsPodsGoAfterTheGracePeriod()
    {
        await using var cluster = Cluster();
        await cluster.Client.CreateAsync(Nodes.Ready("node-1"), default);
        var other = await cluster.Client.CreateAsync(Nodes.Ready("node-2"), default);
        await cluster.DeliveredAsync(other);
        await cluster.Client.CreateAsync(Nodes.ReadyPod("lost", "node-1"), default);
        var last = await cluster.Client.CreateAsync(Nodes.ReadyPod("kept", "node-2"), default);
        await cluster.DeliveredAsync(last);
        await cluster.Client.DeleteAsync<Api.Core.V1.Node>(null, "node-1", DeleteOptions.Empty, default);
        await cluster.WaitForCheckAtAsync(40);
        Assert.Equal(["kept", "lost"], await NamesAsync(cluster));

        cluster.AdvanceTo(40);
        await RemainAsync(cluster, "kept");
    }

    [Fact]
    public async Task Node_ComesBackInTime_ItsPodsStayAndTheCountStartsAnew()
    {
        await using var cluster = Cluster();
        await cluster.Client.CreateAsync(Nodes.ReadyPod("web", "node-1"), default);
        await cluster.WaitForCheckAtAsync(40);
        cluster.AdvanceTo(30);
        var node = await cluster.Client.CreateAsync(Nodes.Ready("node-1"), default);
        await cluster.DeliveredAsync(node);
        cluster.AdvanceTo(40);
        await cluster.Client.DeleteAsync<Api.Core.V1.Node>(null, "node-1", DeleteOptions.Empty, default);
        await cluster.WaitForCheckAtAsync(80);
        Assert.Equal(["web"], await NamesAsync(cluster));
        cluster.AdvanceTo(80);
        await RemainAsync(cluster);
    }

    [Fact]
    public async Task Pod_DeletedBeforeItHadANode_Goes()
    {
        await using var cluster = Cluster();
        await cluster.Client.CreateAsync(Nodes.Ready("node-1"), default);
        await cluster.Client.CreateAsync(Deleting("unscheduled", ""), default);
        await cluster.Client.CreateAsync(Deleting("scheduled", "node-1"), default);
        await RemainAsync(cluster, "scheduled");
    }

    [Fact]
    public async Task Pods_FinishedBeyondTheThreshold_OldestGo()
    {
        await using var cluster = Cluster(maxFinished: 2);
        await cluster.Client.CreateAsync(Nodes.Ready("node-1"), default);
        await cluster.Client.CreateAsync(Nodes.ReadyPod("running", "node-1"), default);
        foreach (var (name, phase) in new[] { ("z-oldest", "Failed"), ("y-older", "Succeeded"), ("b-newer", "Failed"), ("a-newest", "Succeeded") })
        {
            var pod = Nodes.ReadyPod(name, "node-1");
            await cluster.Client.CreateAsync(pod with { Status = pod.Status with { Phase = phase } }, default);
            cluster.Time.Advance(TimeSpan.FromSeconds(1));
        }

        await RemainAsync(cluster, "a-newest", "b-newer", "running");
    }

    [Fact]
    public async Task Pods_FinishedWithoutThreshold_Stay()
    {
        await using var cluster = Cluster(maxFinished: 0);
        await cluster.Client.CreateAsync(Nodes.Ready("node-1"), default);
        var pod = Nodes.ReadyPod("finished", "node-1");
        await cluster.Client.CreateAsync(pod with { Status = pod.Status with { Phase = "Succeeded" } }, default);
        await cluster.Client.CreateAsync(Deleting("unscheduled", ""), default);
        await RemainAsync(cluster, "finished");
    }

    private static ClockedControllers Cluster(int maxFinished = 100) =>
        new(context => new PodGarbageController(context, new ControllerOptions { MaxFinishedPods = maxFinished }));

    /// <summary>A pod whose deletion waits for somebody.</summary>
    private static Pod Deleting(string name, string nodeName)
    {
        var pod = Nodes.ReadyPod(name, nodeName);
        return pod with { Metadata = pod.Metadata with { DeletionTimestamp = DateTimeOffset.UnixEpoch, DeletionGracePeriodSeconds = 30 } };
    }

    private static async Task<string[]> NamesAsync(ClockedControllers cluster) =>
        [.. (await cluster.Client.ListAsync<Pod>(null, ListQuery.All, default)).Items.Select(pod => pod.Metadata.Name)];

    private static Task RemainAsync(ClockedControllers cluster, params string[] names) =>
        cluster.Client.WaitForAsync<Pod>($"just {string.Join(", ", names)}", pods => pods.Select(pod => pod.Metadata.Name).SequenceEqual(names));
}
