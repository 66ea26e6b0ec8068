using Coxswain.EndToEnd.Tests.Infrastructure;

namespace Coxswain.EndToEnd.Tests.Stories;

/// <summary>What Pods and nodes use, and what follows from it.</summary>
[Collection(ClusterCollection.Name)]
public class MetricsStories(Cluster cluster)
{
    [Fact]
    public async Task Top_ShowsWhatPodsAndNodesUse()
    {
        await using var space = await cluster.CreateNamespaceAsync("top");
        (await space.New.ApplyAsync(Manifests.ShellPod("busy", "while :; do :; done", "resources: {limits: {cpu: 50m}}"))).Succeeded();
        foreach (var kubectl in (Kubectl[])[space.New, space.Old])
        {
            var pods = await Eventually.BecomesAsync(
                async () => (await kubectl.RunAsync("top", "pods", "--no-headers")).Output, text => text.Contains("busy", StringComparison.Ordinal), "the pod's use");
            Assert.Matches(@"^busy\s+\d+m\s+\d+Mi", pods.Trim());
            Assert.Matches(@"\s\d+m\s+\d+%\s+\d+Mi\s+\d+%", await kubectl.ReadAsync("top", "nodes", "--no-headers"));
        }

        Assert.Matches(@"busy\s+main\s+\d+m", await space.New.ReadAsync("top", "pods", "--containers", "--no-headers"));
    }

    [Fact]
    public async Task Autoscaler_ABusyDeployment_GetsMorePods()
    {
        await using var space = await cluster.CreateNamespaceAsync("scale");
        (await space.New.ApplyAsync($$$"""
            apiVersion: apps/v1
            kind: Deployment
            metadata: {name: burn}
            spec:
              selector: {matchLabels: {app: burn}}
              template:
                metadata: {labels: {app: burn}}
                spec:
                  terminationGracePeriodSeconds: 0
                  containers:
                  - name: main
                    image: {{{Cluster.BusyboxImage}}}
                    command: [sh, -c, "while :; do :; done"]
                    resources: {requests: {cpu: 20m}, limits: {cpu: 50m}}
            """)).Succeeded();
        (await space.New.RunAsync("autoscale", "deployment", "burn", "--min=1", "--max=2", "--cpu-percent=50")).Succeeded();

        await Eventually.BecomesAsync(() => space.New.FieldAsync("deployment burn", "{.spec.replicas}"), replicas => replicas == "2", "a second pod", 120);

        Assert.Equal("True", await space.New.FieldAsync("hpa burn", "{.status.conditions[?(@.type=='ScalingActive')].status}"));
    }

    [Fact]
    public async Task StaticPod_ComesAndGoesWithItsManifest()
    {
        var node = await cluster.New.FieldAsync("nodes", "{.items[0].metadata.name}");
        await using var space = await cluster.CreateNamespaceAsync("static");
        var file = Path.Combine(cluster.DataDirectory, "node", "manifests", $"{space.Name}.yaml");
        await File.WriteAllTextAsync(file, Manifests.ShellPod("box", "echo hello; sleep 1000000")
            .Replace("name: box", $"name: box\n  namespace: {space.Name}", StringComparison.Ordinal));
        try
        {
            await Eventually.BecomesAsync(
                async () => (await space.New.RunAsync("logs", $"box-{node}")).Output, text => text.Contains("hello", StringComparison.Ordinal), "its log");
            Assert.Equal("Node", await space.New.FieldAsync($"pod box-{node}", "{.metadata.ownerReferences[0].kind}"));
        }
        finally
        {
            File.Delete(file);
        }

        await Eventually.BecomesAsync(
            async () => (await space.New.RunAsync("get", "pods", "--no-headers")).Output.Trim(), text => text.Length == 0, "its end");
    }
}
