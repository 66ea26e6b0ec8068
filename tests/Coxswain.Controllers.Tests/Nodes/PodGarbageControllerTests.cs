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
        await using var cluster = await ClusterAsync();
        await cluster.Cluster.CreateWithStatusAsync(Nodes.Ready("node-1"));
        await cluster.Cluster.CreateWithStatusAsync(Nodes.Ready("node-2"));
        await cluster.Cluster.CreateWithStatusAsync(Nodes.ReadyPod("lost", "node-1"));
        await cluster.Cluster.CreateWithStatusAsync(Nodes.ReadyPod("kept", "node-2"));
        await cluster.Client.DeleteAsync<Api.Core.V1.Node>(null, "node-1", DeleteOptions.Empty, default);
        Assert.Equal(["kept", "lost"], await NamesAsync(cluster));

        cluster.AdvanceTo(40);
        await RemainAsync(cluster, "kept");
    }

    [Fact]
    public async Task Node_ComesBackInTime_ItsPodsStayAndTheCountStartsAnew()
    {
        await using var cluster = await ClusterAsync();
        await cluster.Cluster.CreateWithStatusAsync(Nodes.ReadyPod("web", "node-1"));
        cluster.AdvanceTo(30);
        await cluster.Cluster.CreateWithStatusAsync(Nodes.Ready("node-1"));
        cluster.AdvanceTo(40);
        await cluster.Client.DeleteAsync<Api.Core.V1.Node>(null, "node-1", DeleteOptions.Empty, default);
        Assert.Equal(["web"], await NamesAsync(cluster));
        cluster.AdvanceTo(80);
        await RemainAsync(cluster);
    }

    [Fact]
    public async Task Pods_FinishedBeyondTheThreshold_OldestGo()
    {
        await using var cluster = await ClusterAsync(maxFinished: 2);
        await cluster.Cluster.CreateWithStatusAsync(Nodes.Ready("node-1"));
        await cluster.Cluster.CreateWithStatusAsync(Nodes.ReadyPod("running", "node-1"));
        foreach (var (name, phase) in new[] { ("z-oldest", "Failed"), ("y-older", "Succeeded"), ("b-newer", "Failed"), ("a-newest", "Succeeded") })
        {
            var pod = Nodes.ReadyPod(name, "node-1");
            await cluster.Cluster.CreateWithStatusAsync(pod with { Status = pod.Status with { Phase = phase } });
            cluster.Cluster.Advance(TimeSpan.FromSeconds(1));
        }

        await RemainAsync(cluster, "a-newest", "b-newer", "running");
    }

    [Fact]
    public async Task Pods_FinishedWithoutThreshold_Stay()
    {
        await using var cluster = await ClusterAsync(maxFinished: 0);
        await cluster.Cluster.CreateWithStatusAsync(Nodes.Ready("node-1"));
        var pod = Nodes.ReadyPod("finished", "node-1");
        await cluster.Cluster.CreateWithStatusAsync(pod with { Status = pod.Status with { Phase = "Succeeded" } });
        await RemainAsync(cluster, "finished");
    }

    private static Task<ControlPlane> ClusterAsync(int maxFinished = 100) =>
        ControlPlane.StartAsync(context => new PodGarbageController(context, new ControllerOptions { MaxFinishedPods = maxFinished }));

    private static async Task<string[]> NamesAsync(ControlPlane cluster) =>
        [.. (await cluster.Client.ListAsync<Pod>(null, ListQuery.All, default)).Items.Select(pod => pod.Metadata.Name)];

    private static Task RemainAsync(ControlPlane cluster, params string[] names) =>
        cluster.WaitForAsync<Pod>($"just {string.Join(", ", names)}", pods => pods.Select(pod => pod.Metadata.Name).SequenceEqual(names));
}
