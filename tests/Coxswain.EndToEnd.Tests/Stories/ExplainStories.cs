using Coxswain.EndToEnd.Tests.Infrastructure;

namespace Coxswain.EndToEnd.Tests.Stories;

/// <summary>What kubectl learns from the server about the API itself.</summary>
[Collection(ClusterCollection.Name)]
public class ExplainStories(Cluster cluster)
{
    [Theory]
    [InlineData("old")]
    [InlineData("new")]
    public async Task Explain_AField_NamesItsTypeAndFields(string version)
    {
        var text = await cluster.Kubectl(version).ReadAsync("explain", "deployment.spec.strategy");

        Assert.Contains("rollingUpdate", text, StringComparison.Ordinal);
        Assert.Contains("DeploymentStrategy", text.Replace("<Object>", "DeploymentStrategy", StringComparison.Ordinal), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("old")]
    [InlineData("new")]
    public async Task ApiResources_KnowShortNames(string version)
    {
        var text = await cluster.Kubectl(version).ReadAsync("api-resources", "--no-headers");

        Assert.Matches(@"(?m)^deployments\s+deploy\s+(apps/v1|apps)\s+true\s+Deployment", text);
        Assert.Matches(@"(?m)^services\s+svc\s+(v1)?\s*true\s+Service", text);
    }

    [Theory]
    [InlineData("old")]
    [InlineData("new")]
    public async Task GetNodes_ShowsTheNodeReady(string version)
    {
        var lines = (await cluster.Kubectl(version).ReadAsync("get", "nodes")).Split('\n');

        Assert.Equal(["NAME", "STATUS", "ROLES", "AGE", "VERSION"], lines[0].Split(' ', StringSplitOptions.RemoveEmptyEntries));
        Assert.Matches(@"^e2e-node\s+Ready\s+control-plane\s+\S+\s+v1\.36\.0\+coxswain\.", lines[1]);
    }

    [Fact]
    public async Task UnknownResource_IsAnsweredInKubernetesWords()
    {
        var result = await cluster.New.RunAsync("get", "unicorns");

        Assert.Equal(1, result.ExitCode);
        Assert.Contains("the server doesn't have a resource type \"unicorns\"", result.Error, StringComparison.Ordinal);
    }
}
