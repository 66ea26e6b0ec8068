using System.Diagnostics;
using Coxswain.EndToEnd.Tests.Infrastructure;

namespace Coxswain.EndToEnd.Tests.Stories;

/// <summary>Stopping, killing and resuming Coxswain itself.</summary>
[Collection(ClusterCollection.Name)]
public class LifecycleStories(Cluster cluster)
{
    [Fact]
    public async Task ServerIsKilled_PodsGoOnAnsweringAndNothingIsRestarted()
    {
        await using var space = await cluster.CreateNamespaceAsync("killed");
        (await space.New.ApplyAsync(Manifests.WebDeployment())).Succeeded();
        (await space.New.RunAsync("expose", "deployment", "web", "--type=NodePort", "--port=8080")).Succeeded();
        (await space.New.RunAsync("rollout", "status", "deployment/web", "--timeout=60s")).Succeeded();
        var url = $"http://{(await cluster.CoxswainAsync("ip")).Output.Trim()}:{await space.New.FieldAsync("service web", "{.spec.ports[0].nodePort}")}/";
        await Eventually.BecomesAsync(() => Web.GetAsync(url), body => body == "web v1\n", "the answer before");
        var before = await ContainersAsync(space);

        using (var server = Process.GetProcessById((await cluster.StatusAsync()).GetProperty("pid").GetInt32()))
        {
            server.Kill();
            await server.WaitForExitAsync();
        }

        Assert.Equal("web v1\n", await Web.GetAsync(url));
        (await cluster.UpAsync()).Succeeded();
        Assert.Equal("web v1\n", await Web.GetAsync(url));
        Assert.Equal(before, await ContainersAsync(space));
    }

    [Fact]
    public async Task DownAndUp_ObjectsAndImagesAreThereAndContainersRun()
    {
        await using var space = await cluster.CreateNamespaceAsync("resumed");
        (await space.New.ApplyAsync(Manifests.WebDeployment())).Succeeded();
        (await space.New.RunAsync("expose", "deployment", "web", "--type=NodePort", "--port=8080")).Succeeded();
        (await space.New.RunAsync("create", "configmap", "kept", "--from-literal=a=b")).Succeeded();
        (await space.New.RunAsync("rollout", "status", "deployment/web", "--timeout=60s")).Succeeded();
        var images = (await cluster.CoxswainAsync("image", "ls", "-q")).Succeeded().Output;

        (await cluster.CoxswainAsync("down")).Succeeded();
        Assert.Equal("Stopped", (await cluster.StatusAsync()).GetProperty("state").GetString());
        (await cluster.UpAsync()).Succeeded();

        Assert.Equal("b", await space.New.FieldAsync("configmap kept", "{.data.a}"));
        Assert.Equal(images, (await cluster.CoxswainAsync("image", "ls", "-q")).Succeeded().Output);
        await Eventually.BecomesAsync(() => space.New.ReadAsync("get", "deployment", "web", "--no-headers"), line => line.Contains("2/2", StringComparison.Ordinal), "both Pods");
        var url = $"http://127.0.0.1:{await space.New.FieldAsync("service web", "{.spec.ports[0].nodePort}")}/";
        await Eventually.BecomesAsync(() => Web.GetAsync(url), body => body == "web v1\n", "the answer after");
    }

    [Fact]
    public async Task Up_WhenRunning_SaysSo()
    {
        var result = (await cluster.UpAsync()).Succeeded();

        Assert.Contains("already runs", result.Output, StringComparison.Ordinal);
    }

    /// <summary>Every container by its id with its restarts: equal means none was restarted.</summary>
    private static Task<string> ContainersAsync(TestNamespace space) =>
        space.New.FieldAsync("pods", "{range .items[*]}{.metadata.name} {.status.containerStatuses[0].containerID} {.status.containerStatuses[0].restartCount}{'\\n'}{end}");
}
