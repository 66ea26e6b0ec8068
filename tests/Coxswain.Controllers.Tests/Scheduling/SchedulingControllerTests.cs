using Coxswain.Api.Core.V1;
using Coxswain.Api.Meta.V1;
using Coxswain.Api.Resources;
using Coxswain.Api.Scalars;
using Coxswain.Client;

namespace Coxswain.Controllers.Tests.Scheduling;

public sealed class SchedulingControllerTests
{
    [Fact]
    public async Task Create_PodTooLarge_SaysWhyAndIsPlacedWhenANodeComes()
    {
        await using var cluster = await ControlPlane.StartAsync();
        await cluster.AddNodeAsync("small", cpu: "1");
        await cluster.Client.CreateAsync(PodAsking("2"), default);

        await cluster.WaitForAsync<Pod>("the condition", pods => pods[0].Status.Conditions.Any(condition => condition is
        {
            Type: "PodScheduled", Status: "False", Reason: "Unschedulable", Message: "0/1 nodes are available: 1 Insufficient cpu. preemption: 0/1 nodes are available: 1 No preemption victims found for incoming pod.",
        }));
        await cluster.WaitForAsync<Event>("the event", events => events.Any(recorded => recorded.Reason == "FailedScheduling"));

        await cluster.AddNodeAsync("large", cpu: "4");
        await cluster.WaitForAsync<Pod>("the pod on the large node", pods => pods[0].Spec.NodeName == "large" && pods[0].Status.Phase == "Running");
    }

    [Fact]
    public async Task Wait_NodeComesThatCannotHelp_PodIsLookedAtAgainOnlyAfterFiveMinutes()
    {
        await using var cluster = await ControlPlane.StartAsync();
        await cluster.AddNodeAsync("small", cpu: "1");
        await cluster.Client.CreateAsync(PodAsking("2"), default);
        await cluster.WaitForAsync<Pod>("the refusal", pods => MessageOf(pods[0]).StartsWith("0/1 nodes", StringComparison.Ordinal));

        await cluster.AddNodeAsync("small-too", cpu: "1");
        cluster.AdvanceTo(20);
        Assert.StartsWith("0/1 nodes", MessageOf(await cluster.Client.GetAsync<Pod>("default", "large", default)), StringComparison.Ordinal);
        cluster.AdvanceTo(301);
        Assert.StartsWith("0/2 nodes", MessageOf(await cluster.Client.GetAsync<Pod>("default", "large", default)), StringComparison.Ordinal);

        static string MessageOf(Pod pod) => pod.Status.Conditions.FirstOrDefault(condition => condition.Type == "PodScheduled")?.Message ?? "";
    }

    [Fact]
    public async Task Create_MoreThanFits_NeverOvercommits()
    {
        await using var cluster = await ControlPlane.StartAsync();
        await cluster.AddNodeAsync("a", cpu: "3");
        await cluster.AddNodeAsync("b", cpu: "3");
        for (var i = 0; i < 8; i++)
        {
            await cluster.Client.CreateAsync(PodAsking("1", $"pod-{i}"), default);
        }

        var pods = await cluster.WaitForAsync<Pod>("6 placed and 2 refused", found =>
            found.Count(pod => pod.Spec.NodeName.Length > 0) == 6
            && found.Count(pod => pod.Status.Conditions.Any(condition => condition.Reason == "Unschedulable") && pod.Spec.NodeName.Length == 0) == 2);
        Assert.All(pods.Where(pod => pod.Spec.NodeName.Length > 0).GroupBy(pod => pod.Spec.NodeName), node => Assert.Equal(3, node.Count()));

        var freed = pods.First(pod => pod.Spec.NodeName.Length > 0);
        await cluster.Client.DeleteAsync(ApiResources.Of<Pod>(), "default", freed.Metadata.Name, DeleteOptions.Empty, default);
        await cluster.WaitForAsync<Pod>("the freed place to be taken", found => found.Count == 7 && found.Count(pod => pod.Spec.NodeName.Length > 0) == 6);
    }

    [Fact]
    public async Task Create_WithGates_WaitsUntilTheLastIsOpened()
    {
        await using var cluster = await ControlPlane.StartAsync();
        await cluster.AddNodeAsync("node-1");
        var pod = PodAsking("1");
        await cluster.Client.CreateAsync(pod with { Spec = pod.Spec with { SchedulingGates = [new PodSchedulingGate { Name = "example.com/quota" }] } }, default);
        cluster.AdvanceTo(5);
        var gated = await cluster.Client.GetAsync<Pod>("default", "large", default);
        Assert.Equal("", gated.Spec.NodeName);
        Assert.Equal("SchedulingGated", Assert.Single(gated.Status.Conditions).Reason);

        await cluster.UpdateAsync<Pod>("default", "large", current => current with { Spec = current.Spec with { SchedulingGates = [] } });
        await cluster.WaitForAsync<Pod>("the pod", list => list is [{ Status.Phase: "Running", Spec.NodeName: "node-1" }]);
    }

    private static Pod PodAsking(string cpu, string name = "large") => new()
    {
        Metadata = ObjectMeta.Empty with { Name = name, Namespace = "default" },
        Spec = new PodSpec
        {
            Containers =
            [
                new Container { Name = "main", Image = "main", Resources = new ResourceRequirements { Requests = new Dictionary<string, Quantity> { ["cpu"] = Quantity.Parse(cpu) } } },
            ],
        },
    };
}
