using Coxswain.Api.Core.V1;
using Coxswain.Api.Resources;
using Coxswain.Client;
using Coxswain.Node.Tests.Agent;

namespace Coxswain.Node.Tests.Pods;

public sealed class EphemeralContainerTests
{
    [Fact]
    public async Task Added_ToARunningPod_RunsOnceAndHasAStatus()
    {
        await using var node = await FakeNode.StartAsync();
        await node.CreateAsync();
        await node.WaitForReadyAsync();
        await AddAsync(node, "debug");
        var pod = await node.WaitForAsync(pod => pod?.Status.EphemeralContainerStatuses is [{ Name: "debug", State.Running: not null }]);
        Assert.True(PodWatch.IsReady(pod));
        node.Runtime.End(node.Runtime.Newest("debug")!.Id, 3);
        await node.WaitForAsync(pod => pod?.Status.EphemeralContainerStatuses is [{ State.Terminated.ExitCode: 3 }]);
        await AddAsync(node, "more");
        pod = await node.WaitForAsync(pod => pod?.Status.EphemeralContainerStatuses is [{ RestartCount: 0 }, { Name: "more", State.Running: not null }]);
        Assert.Equal("Running", pod!.Status.Phase);
        Assert.Equal(["main", "debug", "more"], node.Runtime.Made.Select(made => made.Name));
    }

    [Fact]
    public async Task Target_ThatRuns_IsToldTheRuntime()
    {
        await using var node = await FakeNode.StartAsync();
        await node.CreateAsync();
        await node.WaitForReadyAsync();
        await AddAsync(node, "debug", "main");
        await node.WaitForAsync(pod => pod?.Status.EphemeralContainerStatuses is [{ State.Running: not null }]);
        Assert.Equal(node.Runtime.Newest("main")!.Id, node.Runtime.Made[1].TargetContainerId);
    }

    [Fact]
    public async Task Running_AsThePodFinishes_IsStoppedWithIt()
    {
        await using var node = await FakeNode.StartAsync();
        await node.CreateAsync(change: spec => spec with { RestartPolicy = "Never" });
        await node.WaitForReadyAsync();
        await AddAsync(node, "debug");
        await node.WaitForAsync(pod => pod?.Status.EphemeralContainerStatuses is [{ State.Running: not null }]);
        node.Runtime.End(node.Runtime.Newest("main")!.Id, 0);
        var pod = await node.WaitForAsync(pod => pod?.Status.Phase == "Succeeded");
        Assert.NotNull(Assert.Single(pod!.Status.EphemeralContainerStatuses).State.Terminated);
    }

    [Fact]
    public async Task Adopted_ByTheNextAgent_IsNotRunAgain()
    {
        await using var node = await FakeNode.StartAsync();
        await node.CreateAsync();
        await node.WaitForReadyAsync();
        await AddAsync(node, "debug");
        await node.WaitForAsync(pod => pod?.Status.EphemeralContainerStatuses is [{ State.Running: not null }]);
        await node.StopAsync();
        node.Runtime.End(node.Runtime.Newest("debug")!.Id, 0);
        await node.RestartAsync();
        await node.WaitForAsync(pod => pod?.Status.EphemeralContainerStatuses is [{ State.Terminated.ExitCode: 0 }]);
        Assert.Equal(2, node.Runtime.Made.Count);
    }

    private static async Task AddAsync(FakeNode node, string name, string target = "")
    {
        var pod = await node.Client.GetAsync<Pod>("default", "web", TestNode.Timeout);
        var added = new EphemeralContainer { Name = name, Image = FakeNode.Image, ImagePullPolicy = "IfNotPresent", TargetContainerName = target };
        await node.Client.UpdateAsync(
            ApiResources.Of<Pod>(),
            pod with
            {
                Metadata = pod.Metadata with { ResourceVersion = "" },
                Spec = pod.Spec with { EphemeralContainers = [.. pod.Spec.EphemeralContainers, added] },
            },
            "ephemeralcontainers", TestNode.Timeout);
    }
}
