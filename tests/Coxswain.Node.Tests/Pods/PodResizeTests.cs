using Coxswain.Api.Core.V1;
using Coxswain.Api.Resources;
using Coxswain.Api.Scalars;
using Coxswain.Client;
using Coxswain.Node.Runtime;
using Coxswain.Node.Tests.Agent;

namespace Coxswain.Node.Tests.Pods;

public sealed class PodResizeTests
{
    private const string Big = "1000000";

    [Fact]
    public async Task Resize_ThatFits_ChangesTheRunningContainer()
    {
        await using var node = await FakeNode.StartAsync();
        await node.CreateAsync(changeContainer: container => Asking(container, "100m", "200m"));
        await node.WaitForReadyAsync();
        await ResizeAsync(node, "200m", "400m");
        var pod = await node.WaitForAsync(pod => Has(pod, "200m") && !IsChanging(pod));
        Assert.Equal((40_000L, 204L), (node.Runtime.Newest("main")!.Resources.CpuQuota, node.Runtime.Newest("main")!.Resources.CpuShares));
        var status = Assert.Single(pod!.Status.ContainerStatuses);
        Assert.Equal((0, "200m"), (status.RestartCount, status.AllocatedResources["cpu"].ToString()));
        Assert.Equal(2, pod.Status.ObservedGeneration);
    }

    [Fact]
    public async Task Resize_WhosePolicyIsRestart_MakesAnotherAttempt()
    {
        await using var node = await FakeNode.StartAsync();
        await node.CreateAsync(changeContainer: container => Asking(container, "100m", "200m") with
        {
            ResizePolicy = [new ContainerResizePolicy { ResourceName = "cpu", RestartPolicy = "RestartContainer" }],
        });
        await node.WaitForReadyAsync();
        await ResizeAsync(node, "200m", "400m");
        await node.WaitForAsync(pod => Has(pod, "200m") && pod!.Status.ContainerStatuses is [{ RestartCount: 1, Ready: true }]);
        Assert.Equal([20_000L, 40_000L], node.Runtime.Made.Select(made => made.Resources.CpuQuota!.Value));
        Assert.DoesNotContain("UpdateContainerResources main", node.Runtime.Calls);
    }

    [Fact]
    public async Task Resize_BeyondTheNode_IsInfeasibleAndChangesNothing()
    {
        await using var node = await FakeNode.StartAsync();
        await node.CreateAsync(changeContainer: container => Asking(container, "100m", "200m"));
        await node.WaitForReadyAsync();
        await ResizeAsync(node, Big, Big);
        var pod = await node.WaitForAsync(pod => Pending(pod)?.Reason == "Infeasible");
        Assert.StartsWith("Node didn't have enough capacity: cpu, requested: 1000000000, capacity: ", Pending(pod)!.Message, StringComparison.Ordinal);
        Assert.True(Has(pod, "100m"));
        Assert.Equal(20_000L, node.Runtime.Newest("main")!.Resources.CpuQuota);
    }

    [Fact]
    public async Task Resize_WhereAnotherPodHasTheRoom_WaitsUntilThatIsGone()
    {
        await using var node = await FakeNode.StartAsync();
        var most = Quantity.FromValue(Environment.ProcessorCount).ToString();
        await node.CreateAsync("other", changeContainer: container => Asking(container, "500m", most));
        await node.CreateAsync(changeContainer: container => Asking(container, "100m", most));
        await node.WaitForReadyAsync("other");
        await node.WaitForReadyAsync();
        await ResizeAsync(node, most, most);
        await node.WaitForAsync(pod => Pending(pod)?.Reason == "Deferred");
        await node.DeleteAsync("other");
        await node.WaitForAsync(pod => Pending(pod) is null && Has(pod, most) && !IsChanging(pod));
    }

    [Fact]
    public async Task Resize_PendingAsTheAgentRestarts_IsStillPending()
    {
        await using var node = await FakeNode.StartAsync();
        await node.CreateAsync(changeContainer: container => Asking(container, "100m", "200m"));
        await node.WaitForReadyAsync();
        await ResizeAsync(node, Big, Big);
        await node.WaitForAsync(pod => Pending(pod) is not null);
        await node.RestartAsync();
        await node.CreateAsync("next");
        await node.WaitForReadyAsync("next");
        Assert.True(Has(await node.WaitForAsync(pod => Pending(pod) is not null), "100m"));
        Assert.DoesNotContain("UpdateContainerResources main", node.Runtime.Calls);
    }

    [Fact]
    public async Task Resize_TheRuntimeRefuses_IsSaidAndTriedAgain()
    {
        var fails = true;
        await using var node = await FakeNode.StartAsync(runtime => runtime.Before = (call, _, _) => call == "UpdateContainerResources" && fails
            ? throw new RuntimeException(RuntimeFailure.Failed, "device or resource busy")
            : Task.CompletedTask);
        await node.CreateAsync(changeContainer: container => Asking(container, "100m", "200m"));
        await node.WaitForReadyAsync();
        await ResizeAsync(node, "200m", "400m");
        var pod = await node.WaitForAsync(pod => Changing(pod)?.Reason == "Error");
        Assert.Equal("device or resource busy", Changing(pod)!.Message);
        fails = false;
        await node.Time.ArmedAsync(TimeSpan.FromSeconds(10), TestNode.Timeout);
        node.Time.Advance(TimeSpan.FromSeconds(10));
        await node.WaitForAsync(pod => Has(pod, "200m") && !IsChanging(pod));
    }

    private static Container Asking(Container container, string request, string limit) => container with
    {
        Resources = new ResourceRequirements { Requests = Cpu(request), Limits = Cpu(limit) },
    };

    private static Dictionary<string, Quantity> Cpu(string amount) => new() { ["cpu"] = Quantity.Parse(amount) };

    private static async Task ResizeAsync(FakeNode node, string request, string limit)
    {
        var pod = await node.Client.GetAsync<Pod>("default", "web", TestNode.Timeout);
        await node.Client.UpdateAsync(
            ApiResources.Of<Pod>(),
            pod with
            {
                Metadata = pod.Metadata with { ResourceVersion = "" },
                Spec = pod.Spec with { Containers = [Asking(pod.Spec.Containers[0], request, limit)] },
            },
            "resize", TestNode.Timeout);
    }

    private static bool Has(Pod? pod, string request) =>
        pod?.Status.ContainerStatuses is [{ Resources: { } resources }] && resources.Requests.TryGetValue("cpu", out var given) && given == Quantity.Parse(request);

    private static bool IsChanging(Pod? pod) => Changing(pod) is not null;

    private static PodCondition? Changing(Pod? pod) => pod?.Status.Conditions.FirstOrDefault(condition => condition.Type == "PodResizeInProgress");

    private static PodCondition? Pending(Pod? pod) => pod?.Status.Conditions.FirstOrDefault(condition => condition.Type == "PodResizePending");
}
