using Coxswain.EndToEnd.Tests.Infrastructure;

namespace Coxswain.EndToEnd.Tests.Stories;

/// <summary>What one does with a single Pod: look into it, give it more, reach it at the machine's own port.</summary>
[Collection(ClusterCollection.Name)]
public class PodStories(Cluster cluster)
{
    private const int HostPort = 28999;

    [Fact]
    public async Task Debug_WithATarget_SeesItsProcesses()
    {
        await using var space = await cluster.CreateNamespaceAsync("debug");
        (await space.New.ApplyAsync(Manifests.ShellPod("app", "sleep 31337 & wait"))).Succeeded();
        (await space.New.RunAsync("wait", "pod/app", "--for=condition=Ready", "--timeout=60s")).Succeeded();

        (await space.New.RunAsync("debug", "app", $"--image={Cluster.BusyboxImage}", "--target=main", "-c", "probe", "--", "ps")).Succeeded();

        await Eventually.BecomesAsync(
            () => space.New.FieldAsync("pod app", "{.status.ephemeralContainerStatuses[0].state.terminated.exitCode}"), code => code == "0", "the end of the probe");
        Assert.Contains("sleep 31337", await space.New.ReadAsync("logs", "app", "-c", "probe"), StringComparison.Ordinal);
        Assert.Equal("True", await space.New.FieldAsync("pod app", "{.status.conditions[?(@.type=='Ready')].status}"));
    }

    [Fact]
    public async Task DebugCopy_SharesProcesses()
    {
        await using var space = await cluster.CreateNamespaceAsync("copy");
        (await space.New.ApplyAsync(Manifests.ShellPod("app", "sleep 31337 & wait"))).Succeeded();
        (await space.New.RunAsync("wait", "pod/app", "--for=condition=Ready", "--timeout=60s")).Succeeded();

        (await space.New.RunAsync(
            "debug", "app", "--copy-to=other", "--share-processes", $"--image={Cluster.BusyboxImage}", "-c", "probe", "--", "sh", "-c", "while :; do ps; sleep 1; done")).Succeeded();

        await Eventually.BecomesAsync(
            () => space.New.ReadAsync("logs", "other", "-c", "probe", "--ignore-errors"),
            log => log.Contains("/pause", StringComparison.Ordinal) && log.Contains("sleep 31337", StringComparison.Ordinal), "the processes of the copy");
    }

    [Fact]
    public async Task Resize_OfARunningPod_NeedsNoRestart()
    {
        await using var space = await cluster.CreateNamespaceAsync("resize");
        (await space.New.ApplyAsync(Manifests.ShellPod("app", "sleep 1000000", "resources: {requests: {cpu: 50m, memory: 32Mi}, limits: {cpu: 100m, memory: 64Mi}}"))).Succeeded();
        (await space.New.RunAsync("wait", "pod/app", "--for=condition=Ready", "--timeout=60s")).Succeeded();

        (await space.New.RunAsync(
            "patch", "pod", "app", "--subresource=resize", "-p",
            """{"spec":{"containers":[{"name":"main","resources":{"limits":{"cpu":"200m","memory":"48Mi"}}}]}}""")).Succeeded();

        await Eventually.BecomesAsync(
            () => space.New.FieldAsync("pod app", "{.status.containerStatuses[0].resources.limits.memory} {.status.observedGeneration}"),
            text => text == "48Mi 2", "the resize");
        Assert.Equal("0", await space.New.FieldAsync("pod app", "{.status.containerStatuses[0].restartCount}"));
    }

    [Fact]
    public async Task HostPort_ReachesThePodFromTheMachine()
    {
        await using var space = await cluster.CreateNamespaceAsync("hostport");
        (await space.New.ApplyAsync($"""
            apiVersion: v1
            kind: Pod
            metadata:
              name: web
            spec:
              terminationGracePeriodSeconds: 1
              containers:
              - name: web
                image: {Cluster.WebImage}
                ports:
                - containerPort: 8080
                  hostPort: {HostPort}
            """)).Succeeded();

        await Eventually.BecomesAsync(
            () => Web.GetAsync($"http://127.0.0.1:{HostPort}/"), text => text.Contains("web v1", StringComparison.Ordinal), "the answer at the machine's port");
        (await space.New.RunAsync("delete", "pod", "web")).Succeeded();
        await Eventually.BecomesAsync(
            () => Web.GetAsync($"http://127.0.0.1:{HostPort}/"), text => !text.Contains("web v1", StringComparison.Ordinal), "the port's end");
    }
}
