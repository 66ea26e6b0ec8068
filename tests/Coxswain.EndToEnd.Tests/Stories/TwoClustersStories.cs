using Coxswain.EndToEnd.Tests.Infrastructure;

namespace Coxswain.EndToEnd.Tests.Stories;

/// <summary>Two clusters on one machine leave each other alone.</summary>
[Collection(ClusterCollection.Name)]
public class TwoClustersStories(Cluster cluster)
{
    [Fact]
    public async Task SideBySide_BothServe_AndOneGoesWithoutHarmToTheOther()
    {
        await using var second = await SecondCluster.CreateAsync();
        await using var space = await cluster.CreateNamespaceAsync("first");
        (await SecondCluster.UpAsync()).Succeeded();
        await LendImageAsync();
        var first = await ServeAsync(space.New, (await cluster.CoxswainAsync("ip")).Output.Trim());
        var other = await ServeAsync(second.Kubectl, (await SecondCluster.CoxswainAsync("ip")).Output.Trim());
        await Eventually.BecomesAsync(() => Web.GetAsync(first), body => body == "web v1\n", "the first cluster's answer");
        await Eventually.BecomesAsync(() => Web.GetAsync(other), body => body == "web v1\n", "the second cluster's answer");

        (await SecondCluster.CoxswainAsync("down", "--delete")).Succeeded();

        Assert.Equal("web v1\n", await Web.GetAsync(first));
        (await SecondCluster.LeftoversAsync()).Succeeded();
        Assert.Equal("Running", (await cluster.StatusAsync()).GetProperty("state").GetString());
    }

    [Theory]
    [InlineData("--bridge", "coxe2e", "coxe2e")]
    [InlineData("--pod-cidr", "10.201.0.0/16", "10.201.0.0/")]
    [InlineData("--service-cidr", "10.202.0.0/16", "10.202.0.0/")]
    [InlineData("--api-port", "16443", "16443")]
    public async Task Up_WithWhatTheOtherHas_IsRefusedByNameAndLeavesNothing(string option, string value, string named)
    {
        await using var second = await SecondCluster.CreateAsync();
        await using var space = await cluster.CreateNamespaceAsync("clash");
        var url = await ServeAsync(space.New, (await cluster.CoxswainAsync("ip")).Output.Trim());
        await Eventually.BecomesAsync(() => Web.GetAsync(url), body => body == "web v1\n", "the answer before");

        var refused = await SecondCluster.UpAsync((option, value));

        Assert.Equal(1, refused.ExitCode);
        Assert.Contains(named, refused.Error, StringComparison.Ordinal);
        Assert.Single(refused.Error.Trim().Split('\n'));
        Assert.Equal("web v1\n", await Web.GetAsync(url));
        (await SecondCluster.CoxswainAsync("down", "--delete")).Succeeded();
        Assert.Equal("web v1\n", await Web.GetAsync(url));
    }

    /// <summary>The image goes from one cluster to the other by a pipe, as by docker save and load.</summary>
    private async Task LendImageAsync()
    {
        var file = Path.Combine(SecondCluster.DataDirectory, "..", "web.tar");
        (await cluster.CoxswainAsync("image", "save", Cluster.WebImage, "-o", file)).Succeeded();
        (await SecondCluster.CoxswainAsync("image", "load", "-i", file)).Succeeded();
    }

    private static async Task<string> ServeAsync(Kubectl kubectl, string address)
    {
        (await kubectl.ApplyAsync(Manifests.WebDeployment(replicas: 1))).Succeeded();
        (await kubectl.RunAsync("expose", "deployment", "web", "--type=NodePort", "--port=8080")).Succeeded();
        (await kubectl.RunAsync("rollout", "status", "deployment/web", "--timeout=60s")).Succeeded();
        return $"http://{address}:{await kubectl.FieldAsync("service web", "{.spec.ports[0].nodePort}")}/";
    }
}
