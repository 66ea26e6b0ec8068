using Coxswain.EndToEnd.Tests.Infrastructure;

namespace Coxswain.EndToEnd.Tests.Stories;

/// <summary>Deploying, scaling, rolling out and back, as in the texts, with an old and a new kubectl.</summary>
[Collection(ClusterCollection.Name)]
public class DeploymentStories(Cluster cluster)
{
    [Theory]
    [InlineData("old")]
    [InlineData("new")]
    public async Task Apply_ThreeTimes_IsCreatedConfiguredUnchanged(string version)
    {
        await using var space = await cluster.CreateNamespaceAsync("apply");
        var kubectl = space.Kubectl(version);

        var created = (await kubectl.ApplyAsync(Manifests.WebDeployment(replicas: 1))).Succeeded();
        var configured = (await kubectl.ApplyAsync(Manifests.WebDeployment(replicas: 2))).Succeeded();
        var unchanged = (await kubectl.ApplyAsync(Manifests.WebDeployment(replicas: 2))).Succeeded();

        Assert.Equal("deployment.apps/web created", created.Output.Trim());
        Assert.Equal("deployment.apps/web configured", configured.Output.Trim());
        Assert.Equal("deployment.apps/web unchanged", unchanged.Output.Trim());
        (await kubectl.RunAsync("rollout", "status", "deployment/web", "--timeout=60s")).Succeeded();
    }

    [Theory]
    [InlineData("old")]
    [InlineData("new")]
    public async Task Create_ExposeAndScale_AnswersOnTheNodePort(string version)
    {
        await using var space = await cluster.CreateNamespaceAsync("expose");
        var kubectl = space.Kubectl(version);

        (await kubectl.RunAsync("create", "deployment", "hello", $"--image={Cluster.WebImage}")).Succeeded();
        (await kubectl.RunAsync("expose", "deployment", "hello", "--type=NodePort", "--port=8080")).Succeeded();
        (await kubectl.RunAsync("scale", "deployment.apps/hello", "--replicas=3")).Succeeded();
        (await kubectl.RunAsync("rollout", "status", "deployment/hello", "--timeout=60s")).Succeeded();

        var port = await kubectl.FieldAsync("service hello", "{.spec.ports[0].nodePort}");
        var node = (await cluster.CoxswainAsync("ip")).Succeeded().Output.Trim();
        await Eventually.BecomesAsync(() => Web.GetAsync($"http://{node}:{port}/"), body => body == "web v1\n", "the answer on the node's address");
        await Eventually.BecomesAsync(() => Web.GetAsync($"http://127.0.0.1:{port}/"), body => body == "web v1\n", "the answer on localhost");

        var lines = (await kubectl.ReadAsync("get", "deployments")).Split('\n');
        Assert.Equal(["NAME", "READY", "UP-TO-DATE", "AVAILABLE", "AGE"], Columns(lines[0]));
        Assert.Equal(["hello", "3/3", "3", "3"], Columns(lines[1])[..4]);
        Assert.Equal(["NAME", "TYPE", "CLUSTER-IP", "EXTERNAL-IP", "PORT(S)", "AGE", "SELECTOR"], Columns((await kubectl.ReadAsync("get", "services", "-o", "wide")).Split('\n')[0]));
    }

    [Fact]
    public async Task SetImage_ThenUndo_GoesBackAndRenumbers()
    {
        await using var space = await cluster.CreateNamespaceAsync("rollout");
        (await space.New.ApplyAsync(Manifests.WebDeployment())).Succeeded();
        (await space.New.RunAsync("rollout", "status", "deployment/web", "--timeout=60s")).Succeeded();
        var first = await space.New.FieldAsync("rs", "{.items[0].metadata.name}");

        (await space.New.RunAsync("set", "image", "deployment/web", "web=web:v2")).Succeeded();
        (await space.New.RunAsync("rollout", "status", "deployment/web", "--timeout=60s")).Succeeded();
        Assert.Equal("0", await space.New.FieldAsync($"rs {first}", "{.spec.replicas}"));
        (await space.New.RunAsync("rollout", "undo", "deployment/web", "--to-revision=1")).Succeeded();
        (await space.New.RunAsync("rollout", "status", "deployment/web", "--timeout=60s")).Succeeded();

        Assert.Equal("2", await space.New.FieldAsync($"rs {first}", "{.spec.replicas}"));
        var history = await space.New.ReadAsync("rollout", "history", "deployment.v1.apps/web");
        Assert.Equal(["2", "3"], history.Split('\n').Skip(2).Select(line => Columns(line)[0]));
        Assert.Equal(history, await space.Old.ReadAsync("rollout", "history", "deployment.v1.apps/web"));
    }

    [Fact]
    public async Task DeletePod_OfADeployment_IsReplaced()
    {
        await using var space = await cluster.CreateNamespaceAsync("replace");
        (await space.New.ApplyAsync(Manifests.WebDeployment(replicas: 1))).Succeeded();
        (await space.New.RunAsync("rollout", "status", "deployment/web", "--timeout=60s")).Succeeded();
        var pod = await space.New.FieldAsync("pods", "{.items[0].metadata.name}");

        (await space.New.RunAsync("delete", "pod", pod)).Succeeded();

        await Eventually.BecomesAsync(() => space.New.ReadAsync("get", "pods", "--no-headers"),
            pods => pods.Contains("1/1", StringComparison.Ordinal) && !pods.Contains(pod, StringComparison.Ordinal), "a Pod in its place");
    }

    [Theory]
    [InlineData("old")]
    [InlineData("new")]
    public async Task Apply_WithATypo_NamesTheField(string version)
    {
        await using var space = await cluster.CreateNamespaceAsync("typo");

        var result = await space.Kubectl(version).ApplyAsync(Manifests.WebDeployment().Replace("replicas:", "replcas:", StringComparison.Ordinal));

        Assert.NotEqual(0, result.ExitCode);
        Assert.Contains("replcas", result.Error, StringComparison.Ordinal);
        Assert.Contains("unknown field", result.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Delete_ByFile_RemovesEverything()
    {
        await using var space = await cluster.CreateNamespaceAsync("delete");
        (await space.New.ApplyAsync(Manifests.WebDeployment())).Succeeded();
        (await space.New.RunAsync("rollout", "status", "deployment/web", "--timeout=60s")).Succeeded();

        (await space.New.RunAsync("delete", "deployment", "web")).Succeeded();

        await Eventually.BecomesAsync(async () => await space.New.ReadAsync("get", "rs,pods", "-o", "name"), names => names.Length == 0, "an empty namespace");
    }

    private static string[] Columns(string line) => line.Split(' ', StringSplitOptions.RemoveEmptyEntries);
}
