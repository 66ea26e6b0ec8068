using Coxswain.EndToEnd.Tests.Infrastructure;

namespace Coxswain.EndToEnd.Tests.Stories;

/// <summary>What <c>kubectl logs</c> says when there is nothing to show.</summary>
[Collection(ClusterCollection.Name)]
public class LogStories(Cluster cluster)
{
    [Theory]
    [InlineData("new")]
    [InlineData("old")]
    public async Task ContainerWaits_LogsSayWhy(string kubectl)
    {
        await using var space = await cluster.CreateNamespaceAsync("logs");
        (await space.New.RunAsync("run", "noimg", "--image=nosuch.invalid/image:v1", "--restart=Never")).Succeeded();

        var logs = await Eventually.BecomesAsync(
            () => space.Kubectl(kubectl).RunAsync("logs", "noimg"),
            result => result.Error.Contains("waiting to start", StringComparison.Ordinal),
            "the reason of the wait");

        Assert.Equal(1, logs.ExitCode);
        Assert.Contains("Error from server (BadRequest): container \"noimg\" in pod \"noimg\" is waiting to start", logs.Error, StringComparison.Ordinal);
    }
}
