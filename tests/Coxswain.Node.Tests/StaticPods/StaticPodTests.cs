using Coxswain.Api.Core.V1;
using Coxswain.Api.Meta.V1;
using Coxswain.Client;
using Coxswain.Node.Tests.Agent;

namespace Coxswain.Node.Tests.StaticPods;

public sealed class StaticPodTests : IAsyncLifetime
{
    private const string Name = "box-" + TestNode.NodeName;

    private TestNode _node = null!; // Set before any test runs.

    public async Task InitializeAsync() => _node = await TestNode.StartAsync();

    public async Task DisposeAsync() => await _node.DisposeAsync();

    [Fact]
    public async Task Manifest_ComesChangesAndGoes_ThePodFollows()
    {
        await WriteAsync("first");
        var pod = await RunningAsync(_ => true);
        Assert.Equal(TestNode.NodeName, Assert.Single(pod.Metadata.OwnerReferences).Name);
        Assert.Equal("file", pod.Metadata.Annotations["kubernetes.io/config.source"]);
        Assert.NotEqual(pod.Metadata.Uid, pod.Metadata.Annotations["kubernetes.io/config.mirror"]);
        var container = pod.Status.ContainerStatuses[0].ContainerID;

        // What is done to the mirror does nothing to the pod.
        await _node.Client.DeleteAsync<Pod>("default", Name, new DeleteOptions(), TestNode.Timeout);
        var again = await RunningAsync(other => other.Metadata.Uid != pod.Metadata.Uid);
        Assert.Equal((container, 0), (again.Status.ContainerStatuses[0].ContainerID, again.Status.ContainerStatuses[0].RestartCount));

        await _node.RestartAsync();
        await WriteAsync("second");
        var changed = await RunningAsync(other => other.Spec.Containers[0].Env[0].Value == "second");
        Assert.NotEqual(container, changed.Status.ContainerStatuses[0].ContainerID);
        Assert.Single(await _node.Runtime.ListContainersAsync(TestNode.Timeout));

        File.Delete(ManifestFile);
        await _node.WaitForAsync(Name, gone => gone is null);
        Assert.Empty(await _node.Runtime.ListPodSandboxAsync(TestNode.Timeout));
    }

    [Fact]
    public async Task Agent_BeginsAnew_TheContainerIsKept()
    {
        await WriteAsync("first");
        var before = await RunningAsync(_ => true);
        await _node.RestartAsync();
        await _node.CreateAsync("other", "sleep 1000");
        await _node.WaitForReadyAsync("other"); // The new agent is at work.
        var after = await RunningAsync(_ => true);
        Assert.Equal(before.Status.ContainerStatuses[0].ContainerID, after.Status.ContainerStatuses[0].ContainerID);
        Assert.Equal(before.Metadata.Uid, after.Metadata.Uid);
    }

    private string ManifestFile => Path.Combine(_node.Options.DataDirectory, "manifests", "box.yaml");

    private async Task<Pod> RunningAsync(Func<Pod, bool> wanted) =>
        (await _node.WaitForAsync(Name, pod => pod is { Status.Phase: "Running" } && PodWatch.IsReady(pod) && wanted(pod)))!; // It waited for one.

    private async Task WriteAsync(string value)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(ManifestFile)!); // A path of ours: it has a parent.
        await File.WriteAllTextAsync(ManifestFile, $$"""
            apiVersion: v1
            kind: Pod
            metadata: {name: box}
            spec:
              terminationGracePeriodSeconds: 0
              containers:
              - name: main
                image: {{TestNode.Image}}
                imagePullPolicy: IfNotPresent
                command: [sleep, "1000"]
                env: [{name: VALUE, value: {{value}}}]
            """, TestNode.Timeout);
    }
}
