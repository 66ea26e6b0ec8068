using Coxswain.Api.Apps.V1;
using Coxswain.Api.Core.V1;
using Coxswain.Api.Errors;
using Coxswain.Api.Meta.V1;
using Coxswain.Api.Policy.V1;
using Coxswain.Api.Resources;
using Coxswain.Api.Scalars;
using Coxswain.Client;
using Coxswain.Controllers.Policy;
using Coxswain.Controllers.Tests.Apps;
using LabelSelector = Coxswain.Api.Meta.V1.LabelSelector;
using NodeObjects = Coxswain.Controllers.Tests.Nodes.Nodes;

namespace Coxswain.Controllers.Tests.Policy;

public sealed class DisruptionControllerTests
{
    private static readonly DateTimeOffset Now = new(2030, 1, 1, 0, 0, 0, TimeSpan.Zero);

    [Theory]
    [InlineData(null, "2", 2, 1)]
    [InlineData(null, "50%", 2, 1)]
    [InlineData("1", null, 2, 1)]
    [InlineData("34%", null, 1, 2)]
    [InlineData("0", null, 3, 0)]
    public async Task Status_OverADeployment_SaysHowManyMayGo(string? maxUnavailable, string? minAvailable, int desired, int allowed)
    {
        await using var cluster = await WithWebAsync(Budget(maxUnavailable, minAvailable));
        var status = (await cluster.Client.GetAsync<PodDisruptionBudget>("default", "web", default)).Status;
        Assert.Equal((3, desired, 3, allowed, 1L), (status.CurrentHealthy, status.DesiredHealthy, status.ExpectedPods, status.DisruptionsAllowed, status.ObservedGeneration));
        var condition = Assert.Single(status.Conditions);
        Assert.Equal(
            ("DisruptionAllowed", allowed > 0 ? "True" : "False", allowed > 0 ? "SufficientPods" : "InsufficientPods"),
            (condition.Type, condition.Status, condition.Reason));
    }

    [Fact]
    public async Task Evict_EveryPodInTurn_EndsAsOthersTakeTheirPlaces()
    {
        await using var cluster = await WithWebAsync(Budget("1", null));
        var before = (await cluster.Client.ListAsync<Pod>("default", ListQuery.All, default)).Items;
        foreach (var pod in before)
        {
            await EvictAsync(cluster, pod.Metadata.Name);
        }

        await cluster.WaitForAsync<Pod>("3 others that run", pods => pods.Count(pod => pod.IsReady()) == 3);
        var after = (await cluster.Client.ListAsync<Pod>("default", ListQuery.All, default)).Items;
        Assert.Empty(after.Select(pod => pod.Metadata.Uid).Intersect(before.Select(pod => pod.Metadata.Uid)));
    }

    [Fact]
    public async Task Evict_MoreThanTheBudgetHas_IsRefusedUntilAnotherPodIsReady()
    {
        await using var cluster = await WithWebAsync(Budget("1", null));
        await cluster.UpdateAsync<Api.Core.V1.Node>(null, "node-1", node => node with { Spec = node.Spec with { Unschedulable = true } });
        var pods = (await cluster.Client.ListAsync<Pod>("default", ListQuery.All, default)).Items;
        await EvictAsync(cluster, pods[0].Metadata.Name);
        var refusal = await Assert.ThrowsAsync<KubeStatusException>(() => EvictAsync(cluster, pods[1].Metadata.Name));
        Assert.Equal(429, refusal.Status.Code);

        await cluster.AddNodeAsync("node-2");
        await EvictAsync(cluster, pods[1].Metadata.Name);
    }

    [Fact]
    public async Task Status_OwnerWithoutAScale_AllowsNothingAndSaysWhy()
    {
        await using var cluster = await WithWebAsync(Budget("1", null));
        var pod = NodeObjects.ReadyPod("stranger", "node-1");
        var owner = new OwnerReference { ApiVersion = "example.com/v1", Kind = "Swarm", Name = "bees", Uid = "22222222-2222-2222-2222-222222222222", Controller = true };
        await cluster.Cluster.CreateWithStatusAsync(pod with { Metadata = pod.Metadata with { Labels = Deployments.Labels, OwnerReferences = [owner] } });
        var status = (await cluster.Client.GetAsync<PodDisruptionBudget>("default", "web", default)).Status;
        Assert.Equal((0, "SyncFailed"), (status.DisruptionsAllowed, Assert.Single(status.Conditions).Reason));
        Assert.Contains("Swarm bees", status.Conditions[0].Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Plan_EvictionThatWasCounted_IsWaitedForTwoMinutes()
    {
        var pods = new[] { "a", "b" }.Select(name => NodeObjects.ReadyPod(name, "node-1")).ToList();
        var budget = Budget(null, "1") with
        {
            Status = PodDisruptionBudgetStatus.Empty with
            {
                DisruptedPods = new Dictionary<string, DateTimeOffset?> { ["a"] = Now, ["gone"] = Now },
            },
        };
        var plan = DisruptionPlan.Compute(budget, pods, 2, Now.AddSeconds(60));
        Assert.Equal((1, 0), (plan.Status.CurrentHealthy, plan.Status.DisruptionsAllowed));
        Assert.Equal(["a"], plan.Status.DisruptedPods.Keys);
        Assert.Equal(Now.AddSeconds(120), plan.Recheck);

        plan = DisruptionPlan.Compute(budget, pods, 2, Now.AddSeconds(120));
        Assert.Equal((2, 1, 0), (plan.Status.CurrentHealthy, plan.Status.DisruptionsAllowed, plan.Status.DisruptedPods.Count));
        Assert.Null(plan.Recheck);
    }

    private static async Task<ControlPlane> WithWebAsync(PodDisruptionBudget budget)
    {
        var cluster = await ControlPlane.StartAsync();
        await cluster.AddNodeAsync("node-1");
        await cluster.Client.CreateAsync(Deployments.Web(3), default);
        await cluster.WaitForAsync<Deployment>("3 available replicas", list => list is [var deployment] && Deployments.IsDone(deployment));
        await cluster.Client.CreateAsync(budget, default);
        return cluster;
    }

    private static PodDisruptionBudget Budget(string? maxUnavailable, string? minAvailable) => new()
    {
        Metadata = ObjectMeta.Empty with { Name = "web", Namespace = "default" },
        Spec = PodDisruptionBudgetSpec.Empty with
        {
            MaxUnavailable = Bound(maxUnavailable),
            MinAvailable = Bound(minAvailable),
            Selector = new LabelSelector { MatchLabels = Deployments.Labels },
        },
    };

    private static IntOrString? Bound(string? text) => text is null ? null : int.TryParse(text, out var number) ? number : text;

    private static Task EvictAsync(ControlPlane cluster, string name) => cluster.Client.PostAsync<Eviction, Status>(
        ApiResources.Of<Pod>(), "default", name, "eviction", new Eviction { Metadata = ObjectMeta.Empty with { Name = name, Namespace = "default" } }, default);
}
