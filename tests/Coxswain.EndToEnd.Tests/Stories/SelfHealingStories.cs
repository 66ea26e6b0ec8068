using Coxswain.EndToEnd.Tests.Infrastructure;

namespace Coxswain.EndToEnd.Tests.Stories;

/// <summary>What happens when things go wrong, and what the user is told.</summary>
[Collection(ClusterCollection.Name)]
public class SelfHealingStories(Cluster cluster)
{
    [Fact]
    public async Task ProcessExits_ContainerIsRestartedAndCounted()
    {
        await using var space = await cluster.CreateNamespaceAsync("restart");
        (await space.New.ApplyAsync(Manifests.ShellPod("crash", "sleep 1; exit 42"))).Succeeded();

        await Eventually.BecomesAsync(() => space.New.FieldAsync("pod crash", "{.status.containerStatuses[0].restartCount}"), count => count is not ("" or "0"), "a restart");

        Assert.Equal("42", await space.New.FieldAsync("pod crash", "{.status.containerStatuses[0].lastState.terminated.exitCode}"));
        Assert.Equal("Error", await space.New.FieldAsync("pod crash", "{.status.containerStatuses[0].lastState.terminated.reason}"));
    }

    [Fact]
    public async Task LivenessProbeFails_ContainerIsRestarted()
    {
        await using var space = await cluster.CreateNamespaceAsync("liveness");
        (await space.New.ApplyAsync(Manifests.ShellPod("sick", "touch /tmp/ok; sleep 2; rm /tmp/ok; sleep 1000000",
            "livenessProbe: {exec: {command: [cat, /tmp/ok]}, periodSeconds: 1, failureThreshold: 1}"))).Succeeded();

        await Eventually.BecomesAsync(() => space.New.FieldAsync("pod sick", "{.status.containerStatuses[0].restartCount}"), count => count is not ("" or "0"), "a restart");
        var described = await Eventually.BecomesAsync(() => space.Old.ReadAsync("describe", "pod", "sick"),
            text => text.Contains("Liveness probe failed", StringComparison.Ordinal), "the event of the probe");

        Assert.Contains("Liveness:", described, StringComparison.Ordinal);
        Assert.Contains("delay=0s timeout=1s period=1s #success=1 #failure=1", described, StringComparison.Ordinal);
    }

    [Fact]
    public async Task MemoryHog_IsOomKilledAndSaysSo()
    {
        await using var space = await cluster.CreateNamespaceAsync("oom");
        (await space.New.ApplyAsync(Manifests.ShellPod("hog", "tail /dev/zero", "resources: {limits: {memory: 16Mi}}", "restartPolicy: Never"))).Succeeded();

        await Eventually.BecomesAsync(() => space.New.FieldAsync("pod hog", "{.status.containerStatuses[0].state.terminated.reason}"), reason => reason == "OOMKilled", "the OOM kill");

        Assert.Equal("137", await space.New.FieldAsync("pod hog", "{.status.containerStatuses[0].state.terminated.exitCode}"));
        Assert.Contains("OOMKilled", await space.New.ReadAsync("get", "pod", "hog"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task ImageDoesNotExist_SaysErrImagePullThenBacksOff()
    {
        await using var space = await cluster.CreateNamespaceAsync("pull");
        await using var watch = space.New.Start("get", "pods", "-w", "--no-headers");

        (await space.New.RunAsync("run", "absent", "--image=127.0.0.1:1/absent:v1", "--restart=Never")).Succeeded();

        await watch.WaitForLineAsync(line => line.Contains("ErrImagePull", StringComparison.Ordinal));
        await watch.WaitForLineAsync(line => line.Contains("ImagePullBackOff", StringComparison.Ordinal));
    }

    [Fact]
    public async Task SecretIsMissing_PodSaysWhyItDoesNotStart()
    {
        await using var space = await cluster.CreateNamespaceAsync("secret");
        (await space.New.ApplyAsync(Manifests.ShellPod("needy", "env; sleep 1000000", "env: [{name: PASSWORD, valueFrom: {secretKeyRef: {name: db, key: password}}}]"))).Succeeded();

        await Eventually.BecomesAsync(() => space.New.FieldAsync("pod needy", "{.status.containerStatuses[0].state.waiting}"),
            waiting => waiting.Contains("CreateContainerConfigError", StringComparison.Ordinal) && waiting.Contains("\\\"db\\\" not found", StringComparison.Ordinal), "the reason");
        (await space.New.RunAsync("create", "secret", "generic", "db", "--from-literal=password=s3cret")).Succeeded();

        await Eventually.BecomesAsync(() => space.New.ReadAsync("logs", "needy", "--ignore-errors"), log => log.Contains("PASSWORD=s3cret", StringComparison.Ordinal), "the start after the Secret came");
    }
}
