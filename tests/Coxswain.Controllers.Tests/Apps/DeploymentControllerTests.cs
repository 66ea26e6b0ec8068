using Coxswain.Api.Apps.V1;
using Coxswain.Api.Core.V1;
using Coxswain.Api.Meta.V1;
using Coxswain.Client;

namespace Coxswain.Controllers.Tests.Apps;

public sealed class DeploymentControllerTests
{
    [Fact]
    public async Task Create_ThirtyReplicas_BecomesAvailableWithConditionsAndEvents()
    {
        await using var cluster = await ControlPlane.StartAsync();
        await cluster.AddNodeAsync("node-1");
        await cluster.Client.CreateAsync(Deployments.Web(30), default);

        var deployment = (await cluster.WaitForAsync<Deployment>("30 available replicas", IsDone))[0];
        var progressing = deployment.Status.Conditions.Single(condition => condition.Type == "Progressing");
        var available = deployment.Status.Conditions.Single(condition => condition.Type == "Available");
        Assert.Equal(("True", "MinimumReplicasAvailable"), (available.Status, available.Reason));
        Assert.Equal(("True", "NewReplicaSetAvailable"), (progressing.Status, progressing.Reason));
        Assert.Equal("1", deployment.Metadata.Annotations["deployment.kubernetes.io/revision"]);
        var pods = await cluster.Client.ListAsync<Pod>("default", ListQuery.All, default);
        Assert.Equal(30, pods.Items.Count);
        Assert.All(pods.Items, pod => Assert.Equal("node-1", pod.Spec.NodeName));
        await cluster.WaitForAsync<Event>("the event of the scaling", events => events.Any(recorded =>
            recorded.Reason == "ScalingReplicaSet" && recorded.Message.StartsWith("Scaled up replica set web-", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task Update_NewTemplate_RollsOverWithoutLeavingItsBounds()
    {
        await using var cluster = await ControlPlane.StartAsync();
        await cluster.AddNodeAsync("node-1");
        await cluster.Client.CreateAsync(Deployments.Web(10), default);
        await cluster.WaitForAsync<Deployment>("10 available replicas", IsDone);

        var bounds = RolloutBounds.Watch(cluster);
        await UpdateAsync(cluster, deployment => deployment.WithImage("web:2"));
        await cluster.WaitForAsync<Deployment>("the roll-out", list => IsDone(list) && list[0].Spec.Template.Spec.Containers[0].Image == "web:2");

        Assert.InRange(bounds.LeastReady, 8, 10);
        Assert.Equal(13, bounds.MostAskedFor);
        var sets = (await cluster.Client.ListAsync<ReplicaSet>("default", ListQuery.All, default)).Items;
        Assert.Equal([("web:1", 0), ("web:2", 10)], sets.Select(set => (Deployments.ImageOf(set), set.Spec.Replicas ?? 0)).Order());
    }

    [Fact]
    public async Task Scale_PodsThatTakeTimeToEnd_AreCountedAsTerminating()
    {
        await using var cluster = await ControlPlane.StartAsync(runPods: false);
        await cluster.AddNodeAsync("node-1");
        await cluster.Client.CreateAsync(Deployments.Web(3), default);
        await cluster.WaitForAsync<Pod>("3 pods on the node", list => list.Count(pod => pod.Spec.NodeName.Length > 0) == 3);

        await UpdateAsync(cluster, deployment => deployment.WithReplicas(1));
        await cluster.WaitForAsync<Deployment>("2 that end", list => list is [{ Status: { Replicas: 1, TerminatingReplicas: 2 } }]);
        foreach (var pod in (await cluster.Client.ListAsync<Pod>("default", ListQuery.All, default)).Items.Where(pod => pod.Metadata.DeletionTimestamp is not null))
        {
            await cluster.Client.DeleteAsync<Pod>("default", pod.Metadata.Name, DeleteOptions.Empty with { GracePeriodSeconds = 0 }, default);
        }

        await cluster.WaitForAsync<Deployment>("their end", list => list is [{ Status: { Replicas: 1, TerminatingReplicas: 0 } }]);
    }

    [Fact]
    public async Task Undo_EarlierTemplate_ReusesItsReplicaSetUnderANewRevision()
    {
        await using var cluster = await ControlPlane.StartAsync();
        await cluster.AddNodeAsync("node-1");
        await cluster.Client.CreateAsync(Deployments.Web(2), default);
        await cluster.WaitForAsync<Deployment>("revision 1", list => IsDone(list) && Revision(list[0]) == "1");
        await UpdateAsync(cluster, deployment => deployment.WithImage("web:2"));
        await cluster.WaitForAsync<Deployment>("revision 2", list => IsDone(list) && Revision(list[0]) == "2");
        await UpdateAsync(cluster, deployment => deployment.WithImage("web:1"));
        await cluster.WaitForAsync<Deployment>("revision 3", list => IsDone(list) && Revision(list[0]) == "3");

        var sets = (await cluster.Client.ListAsync<ReplicaSet>("default", ListQuery.All, default)).Items;
        Assert.Equal(2, sets.Count);
        var reused = sets.Single(set => Deployments.ImageOf(set) == "web:1");
        Assert.Equal("3", reused.Metadata.Annotations["deployment.kubernetes.io/revision"]);
        Assert.Equal("1", reused.Metadata.Annotations["deployment.kubernetes.io/revision-history"]);
    }

    [Fact]
    public async Task Update_BrokenTemplate_KeepsTheOldPodsServing()
    {
        await using var cluster = await ControlPlane.StartAsync();
        await cluster.AddNodeAsync("node-1");
        await cluster.Client.CreateAsync(Deployments.Web(4), default);
        await cluster.WaitForAsync<Deployment>("4 available replicas", IsDone);
        await UpdateAsync(cluster, deployment => deployment.WithImage("broken"));

        var sets = await cluster.WaitForAsync<ReplicaSet>("the stalled roll-out", list =>
            list.Any(set => Deployments.ImageOf(set) == "broken" && set.Spec.Replicas == 2 && set.Status.Replicas == 2)
            && list.Any(set => Deployments.ImageOf(set) == "web:1" && set.Spec.Replicas == 3 && set.Status.AvailableReplicas == 3));
        Assert.Equal(2, sets.Count);
    }

    [Fact]
    public async Task Update_Recreate_EndsOldPodsFirst()
    {
        await using var cluster = await ControlPlane.StartAsync();
        await cluster.AddNodeAsync("node-1");
        var recreate = Deployments.Web(3);
        await cluster.Client.CreateAsync(recreate with { Spec = recreate.Spec with { Strategy = new DeploymentStrategy { Type = "Recreate" } } }, default);
        await cluster.WaitForAsync<Deployment>("3 available replicas", IsDone);

        var bounds = RolloutBounds.Watch(cluster);
        await UpdateAsync(cluster, deployment => deployment.WithImage("web:2"));
        await cluster.WaitForAsync<Deployment>("the roll-out", list => IsDone(list) && Revision(list[0]) == "2");
        Assert.Equal(0, bounds.LeastReady);
        Assert.InRange(bounds.MostExisting, 0, 3);
    }

    [Fact]
    public async Task Status_RecreateWithoutAvailablePods_IsNotAvailable()
    {
        await using var cluster = await ControlPlane.StartAsync();
        await cluster.AddNodeAsync("node-1");
        var recreate = Deployments.Web(2, "broken");
        await cluster.Client.CreateAsync(recreate with { Spec = recreate.Spec with { Strategy = new DeploymentStrategy { Type = "Recreate" } } }, default);
        var deployments = await cluster.WaitForAsync<Deployment>("2 replicas", list => list is [{ Status.Replicas: 2 }]);
        var available = deployments[0].Status.Conditions.Single(condition => condition.Type == "Available");
        Assert.Equal(("False", "MinimumReplicasUnavailable"), (available.Status, available.Reason));
    }

    [Fact]
    public async Task Scale_UpAndDown_FollowsReplicas()
    {
        await using var cluster = await ControlPlane.StartAsync();
        await cluster.AddNodeAsync("node-1");
        await cluster.Client.CreateAsync(Deployments.Web(2), default);
        await cluster.WaitForAsync<Deployment>("2 replicas", IsDone);
        await UpdateAsync(cluster, deployment => deployment.WithReplicas(7));
        await cluster.WaitForAsync<Deployment>("7 replicas", list => IsDone(list) && list[0].Status.Replicas == 7);
        await UpdateAsync(cluster, deployment => deployment.WithReplicas(0));
        await cluster.WaitForAsync<Deployment>("no replicas", list => IsDone(list) && list[0].Status.Replicas == 0);
        await cluster.WaitForAsync<Pod>("no pods", pods => pods.Count == 0);
    }

    [Fact]
    public async Task History_BeyondItsLimit_LosesTheOldest()
    {
        await using var cluster = await ControlPlane.StartAsync();
        await cluster.AddNodeAsync("node-1");
        var limited = Deployments.Web(1);
        await cluster.Client.CreateAsync(limited with { Spec = limited.Spec with { RevisionHistoryLimit = 1 } }, default);
        for (var revision = 2; revision <= 4; revision++)
        {
            await cluster.WaitForAsync<Deployment>($"revision {revision - 1}", list => IsDone(list) && Revision(list[0]) == $"{revision - 1}");
            await UpdateAsync(cluster, deployment => deployment.WithImage($"web:{revision}"));
        }

        var sets = await cluster.WaitForAsync<ReplicaSet>("two ReplicaSets", list => list.Count == 2 && list.Any(set => Deployments.ImageOf(set) == "web:4"));
        Assert.Equal(["web:3", "web:4"], sets.Select(Deployments.ImageOf).Order());
    }

    [Fact]
    public async Task Delete_OnePod_IsReplaced()
    {
        await using var cluster = await ControlPlane.StartAsync();
        await cluster.AddNodeAsync("node-1");
        await cluster.Client.CreateAsync(Deployments.Web(3), default);
        await cluster.WaitForAsync<Deployment>("3 replicas", IsDone);
        var victim = (await cluster.Client.ListAsync<Pod>("default", ListQuery.All, default)).Items[0];
        await cluster.Client.DeleteAsync<Pod>("default", victim.Metadata.Name, DeleteOptions.Empty, default);

        await cluster.WaitForAsync<Pod>("3 pods without the deleted one", pods =>
            pods.Count == 3 && pods.All(pod => pod.Metadata.Uid != victim.Metadata.Uid && pod.Status.Phase == "Running"));
    }

    private static bool IsDone(IReadOnlyList<Deployment> deployments) =>
        deployments is [var deployment] && Deployments.IsDone(deployment)
        && deployment.Status.Conditions.Any(condition => condition.Reason == "NewReplicaSetAvailable");

    private static string? Revision(Deployment deployment) => deployment.Metadata.Annotations.GetValueOrDefault("deployment.kubernetes.io/revision");

    private static Task UpdateAsync(ControlPlane cluster, Func<Deployment, Deployment> change) => cluster.UpdateAsync("default", "web", change);
}
