using Coxswain.Api.Apps.V1;
using Coxswain.Api.Core.V1;
using Coxswain.Api.Meta.V1;
using Coxswain.Client;

namespace Coxswain.Controllers.Tests.DaemonSets;

public sealed class DaemonSetControllerTests
{
    private static readonly Dictionary<string, string> Labels = new() { ["app"] = "agent" };

    [Fact]
    public async Task Create_OnEveryNode_ThatItMayRunOn()
    {
        await using var cluster = await StartAsync(2);
        await cluster.AddNodeAsync("tainted", taints: new Taint { Key = "dedicated", Value = "x", Effect = "NoSchedule" });
        await cluster.Client.CreateAsync(Set(), default);
        var set = (await cluster.WaitForAsync<DaemonSet>("2 ready", list => list is [{ Status: { NumberReady: 2, NumberAvailable: 2, UpdatedNumberScheduled: 2 } }]))[0];
        Assert.Equal((2, 2, 0, 0), (set.Status.DesiredNumberScheduled, set.Status.CurrentNumberScheduled, set.Status.NumberMisscheduled, set.Status.NumberUnavailable));
        Assert.Equal(["node-1", "node-2"], await NodesAsync(cluster));

        await cluster.AddNodeAsync("node-3");
        await cluster.WaitForAsync<DaemonSet>("3 ready", list => list is [{ Status.NumberReady: 3 }]);
    }

    [Fact]
    public async Task Update_NewTemplate_IsCountedOnItsPods()
    {
        await using var cluster = await StartAsync(1);
        await cluster.Client.CreateAsync(Set(), default);
        var pods = await cluster.WaitForAsync<Pod>("a pod", list => list.Count == 1);
        Assert.Equal("1", pods[0].Metadata.Labels["pod-template-generation"]);
        await cluster.UpdateAsync<DaemonSet>("default", Set().Metadata.Name, set => set with { Metadata = set.Metadata with { Annotations = new Dictionary<string, string>() } });
        await cluster.UpdateAsync<DaemonSet>("default", Set().Metadata.Name, set => set with
        {
            Spec = set.Spec with { Template = set.Spec.Template with { Spec = set.Spec.Template.Spec with { Containers = [set.Spec.Template.Spec.Containers[0] with { Image = "agent:new" }] } } },
        });
        await cluster.WaitForAsync<Pod>("a pod of the second template", list =>
            list is [{ Metadata.DeletionTimestamp: null } pod] && pod.Metadata.Labels.GetValueOrDefault("pod-template-generation") == "2");
    }

    [Fact]
    public async Task Revision_Data_AreAsClientsWouldWriteThem()
    {
        await using var cluster = await StartAsync(1);
        await cluster.Client.CreateAsync(Set(), default);
        var revision = (await cluster.WaitForAsync<ControllerRevision>("a revision", list => list.Count == 1))[0];
        var image = Set().Spec.Template.Spec.Containers[0].Image;
        var name = Set().Spec.Template.Spec.Containers[0].Name;
        Assert.Equal(
            "{\"spec\":{\"template\":{\"$patch\":\"replace\",\"metadata\":{\"creationTimestamp\":null,\"labels\":{\"app\":\"agent\"}},\"spec\":{"
            + $"\"containers\":[{{\"image\":\"{image}\",\"imagePullPolicy\":\"Always\",\"name\":\"{name}\",\"resources\":{{}},"
            + "\"terminationMessagePath\":\"/dev/termination-log\",\"terminationMessagePolicy\":\"File\"}],\"dnsPolicy\":\"ClusterFirst\","
            + "\"restartPolicy\":\"Always\",\"schedulerName\":\"default-scheduler\",\"securityContext\":{},\"terminationGracePeriodSeconds\":30}}}}",
            revision.Data?.GetRawText());
    }

    [Fact]
    public async Task Node_TroubledOrCordoned_KeepsItsPod()
    {
        await using var cluster = await StartAsync(1);
        await cluster.UpdateAsync<Api.Core.V1.Node>(null, "node-1", node => node with { Spec = node.Spec with { Unschedulable = true } });
        await cluster.Client.CreateAsync(Set(), default);
        await cluster.WaitForAsync<DaemonSet>("1 ready", list => list is [{ Status.NumberReady: 1 }]);
    }

    [Fact]
    public async Task NodeSelector_LabelComesAndGoes_PodFollows()
    {
        await using var cluster = await StartAsync(1);
        var set = Set();
        await cluster.Client.CreateAsync(
            set with
            {
                Spec = set.Spec with
                {
                    Template = set.Spec.Template with { Spec = set.Spec.Template.Spec with { NodeSelector = new Dictionary<string, string> { ["color"] = "blue" } } },
                },
            },
            default);
        cluster.AdvanceTo(2);
        Assert.Empty(await NodesAsync(cluster));
        await LabelAsync(cluster, "blue");
        await cluster.WaitForAsync<DaemonSet>("1 ready", list => list is [{ Status.NumberReady: 1 }]);
        await LabelAsync(cluster, "green");
        await cluster.WaitForAsync<Pod>("no pod", list => list.Count == 0);
        await cluster.WaitForAsync<DaemonSet>("none wanted", list => list is [{ Status: { DesiredNumberScheduled: 0, NumberMisscheduled: 0 } }]);
    }

    [Fact]
    public async Task Pod_Failed_IsReplaced()
    {
        await using var cluster = await StartAsync(1);
        await cluster.Client.CreateAsync(Set(), default);
        var pod = (await cluster.WaitForAsync<Pod>("a pod", list => list is [{ Status.Phase: "Running" }]))[0];
        await cluster.UpdateStatusAsync<Pod>("default", pod.Metadata.Name, current => current with { Status = current.Status with { Phase = "Failed" } });
        await cluster.WaitForAsync<Pod>("another", list => list is [{ Status.Phase: "Running" }] && list[0].Metadata.Uid != pod.Metadata.Uid);
        await cluster.WaitForAsync<Event>("its event", events => events.Any(recorded => recorded.Reason == "FailedDaemonPod"));
    }

    [Fact]
    public async Task Update_Rolling_KeepsAllButOneAvailable()
    {
        await using var cluster = await StartAsync(3);
        await cluster.Client.CreateAsync(Set(), default);
        await cluster.WaitForAsync<DaemonSet>("3 ready", list => list is [{ Status.NumberReady: 3 }]);
        await cluster.UpdateAsync<DaemonSet>("default", "agent", set => WithImage(set, "broken"));
        await cluster.WaitForAsync<Pod>("one broken", list => list.Count(pod => pod.Spec.Containers[0].Image == "broken") == 1 && list.Count == 3);
        cluster.AdvanceTo(20);
        Assert.Equal(2, (await cluster.Client.GetAsync<DaemonSet>("default", "agent", default)).Status.NumberAvailable);

        await cluster.UpdateAsync<DaemonSet>("default", "agent", set => WithImage(set, "agent:2"));
        await cluster.WaitForAsync<DaemonSet>("the roll-out", list => list is [{ Status: { UpdatedNumberScheduled: 3, NumberAvailable: 3 } }]);
        Assert.All((await cluster.Client.ListAsync<Pod>("default", ListQuery.All, default)).Items, pod => Assert.Equal("agent:2", pod.Spec.Containers[0].Image));
    }

    [Fact]
    public async Task Undo_BeforeTheRollOutIsOver_DoesNotRestartPodsThatStayed()
    {
        await using var cluster = await StartAsync(3);
        await cluster.Client.CreateAsync(Set(), default);
        await cluster.WaitForAsync<DaemonSet>("3 ready", list => list is [{ Status.NumberReady: 3 }]);
        await cluster.UpdateAsync<DaemonSet>("default", "agent", set => WithImage(set, "broken"));
        var before = await cluster.WaitForAsync<Pod>("one broken", list => list.Count(pod => pod.Spec.Containers[0].Image == "broken") == 1 && list.Count == 3);
        await cluster.UpdateAsync<DaemonSet>("default", "agent", set => WithImage(set, "agent"));
        await cluster.WaitForAsync<DaemonSet>("3 again", list => list is [{ Status: { UpdatedNumberScheduled: 3, NumberAvailable: 3 } }]);
        var after = (await cluster.Client.ListAsync<Pod>("default", ListQuery.All, default)).Items.Select(pod => pod.Metadata.Uid).ToHashSet();
        Assert.All(before.Where(pod => pod.Spec.Containers[0].Image != "broken"), pod => Assert.Contains(pod.Metadata.Uid, after));
        var revisions = (await cluster.Client.ListAsync<ControllerRevision>("default", ListQuery.All, default)).Items;
        Assert.Equal([2, 3], revisions.Select(revision => revision.Revision).Order());
    }

    [Fact]
    public async Task Update_Surge_StartsTheNewBesideTheOld()
    {
        await using var cluster = await StartAsync(2);
        await cluster.Client.CreateAsync(Set(new RollingUpdateDaemonSet { MaxSurge = 1, MaxUnavailable = 0 }), default);
        await cluster.WaitForAsync<DaemonSet>("2 ready", list => list is [{ Status.NumberReady: 2 }]);
        await cluster.UpdateAsync<DaemonSet>("default", "agent", set => WithImage(set, "broken"));
        await cluster.WaitForAsync<Pod>("a third", list => list.Count == 3);
        cluster.AdvanceTo(20);
        Assert.Equal(2, (await cluster.Client.GetAsync<DaemonSet>("default", "agent", default)).Status.NumberAvailable);
        await cluster.UpdateAsync<DaemonSet>("default", "agent", set => WithImage(set, "agent:2"));
        await cluster.WaitForAsync<Pod>("the roll-out", list => list.Count == 2 && list.All(pod => pod.Spec.Containers[0].Image == "agent:2" && pod.Status.Phase == "Running"));
    }

    [Fact]
    public async Task Revision_OfAClient_CountsForTheNextNumber()
    {
        await using var cluster = await StartAsync(1);
        await cluster.Client.CreateAsync(Set(), default);
        var set = (await cluster.WaitForAsync<DaemonSet>("1 ready", list => list is [{ Status.NumberReady: 1 }]))[0];
        var first = Assert.Single((await cluster.Client.ListAsync<ControllerRevision>("default", ListQuery.All, default)).Items);
        await cluster.Client.CreateAsync(
            first with
            {
                Metadata = ObjectMeta.Empty with { Name = "agent-extra", Namespace = "default", Labels = first.Metadata.Labels, OwnerReferences = first.Metadata.OwnerReferences },
                Revision = 2,
                Data = System.Text.Json.JsonSerializer.SerializeToElement(new { spec = new { } }),
            },
            default);
        await cluster.UpdateAsync<DaemonSet>("default", "agent", current => WithImage(current, "agent:2"));
        await cluster.WaitForAsync<ControllerRevision>("revision 3", list => list.Any(revision => revision.Revision == 3));
        Assert.Equal(set.Metadata.Uid, first.Metadata.OwnerReferences[0].Uid);
    }

    private static DaemonSet Set(RollingUpdateDaemonSet? rolling = null) => new()
    {
        Metadata = ObjectMeta.Empty with { Name = "agent", Namespace = "default" },
        Spec = new DaemonSetSpec
        {
            Selector = new LabelSelector { MatchLabels = Labels },
            Template = new PodTemplateSpec
            {
                Metadata = ObjectMeta.Empty with { Labels = Labels },
                Spec = new PodSpec { Containers = [new Container { Name = "main", Image = "agent" }] },
            },
            UpdateStrategy = new DaemonSetUpdateStrategy { Type = "RollingUpdate", RollingUpdate = rolling },
        },
    };

    private static DaemonSet WithImage(DaemonSet set, string image) => set with
    {
        Spec = set.Spec with
        {
            Template = set.Spec.Template with { Spec = set.Spec.Template.Spec with { Containers = [set.Spec.Template.Spec.Containers[0] with { Image = image }] } },
        },
    };

    private static async Task<ControlPlane> StartAsync(int nodes)
    {
        var cluster = await ControlPlane.StartAsync(new ControllerOptions { NodeMonitorGracePeriod = TimeSpan.FromHours(1) });
        for (var i = 1; i <= nodes; i++)
        {
            await cluster.AddNodeAsync($"node-{i}");
        }

        return cluster;
    }

    private static Task LabelAsync(ControlPlane cluster, string color) => cluster.UpdateAsync<Api.Core.V1.Node>(null, "node-1", node => node with
    {
        Metadata = node.Metadata with { Labels = new Dictionary<string, string>(node.Metadata.Labels) { ["color"] = color } },
    });

    private static async Task<IEnumerable<string>> NodesAsync(ControlPlane cluster) =>
        (await cluster.Client.ListAsync<Pod>("default", ListQuery.All, default)).Items.Select(pod => pod.Spec.NodeName).Order();
}
