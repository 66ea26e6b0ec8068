using Coxswain.EndToEnd.Tests.Infrastructure;

namespace Coxswain.EndToEnd.Tests.Stories;

/// <summary>Several tools share one object by server-side apply, as kubectl shows it.</summary>
[Collection(ClusterCollection.Name)]
public class ApplyStories(Cluster cluster)
{
    [Theory]
    [InlineData("old")]
    [InlineData("new")]
    public async Task ServerSide_ConflictThenForce_MovesTheField(string version)
    {
        await using var space = await cluster.CreateNamespaceAsync("serverside");
        var kubectl = space.Kubectl(version);

        var applied = (await kubectl.ApplyAsync(Map("1"), "--server-side")).Succeeded();
        Assert.Equal("configmap/shared serverside-applied", applied.Output.Trim());
        var refused = await kubectl.ApplyAsync(Map("2"), "--server-side", "--field-manager=other");
        Assert.NotEqual(0, refused.ExitCode);
        Assert.Contains("Apply failed with 1 conflict: conflict with \"kubectl\": .data.color", refused.Error, StringComparison.Ordinal);
        (await kubectl.ApplyAsync(Map("2"), "--server-side", "--field-manager=other", "--force-conflicts")).Succeeded();

        Assert.Equal("2", await kubectl.FieldAsync("configmap shared", "{.data.color}"));
        Assert.Equal("other", await kubectl.FieldAsync("configmap shared", "{.metadata.managedFields[*].manager}"));
    }

    [Theory]
    [InlineData("old")]
    [InlineData("new")]
    public async Task ClientSide_ThenServerSide_TakesOverWithoutConflicts(string version)
    {
        await using var space = await cluster.CreateNamespaceAsync("migrate");
        var kubectl = space.Kubectl(version);
        (await kubectl.ApplyAsync(Manifests.WebDeployment(replicas: 1))).Succeeded();

        (await kubectl.ApplyAsync(Manifests.WebDeployment(replicas: 2), "--server-side")).Succeeded();

        Assert.Equal("2", await kubectl.FieldAsync("deployment web", "{.spec.replicas}"));

        // And back: what kubectl remembers of the object is what it last applied.
        var back = (await kubectl.ApplyAsync(Manifests.WebDeployment(replicas: 1))).Succeeded();
        Assert.Equal("deployment.apps/web configured", back.Output.Trim());
        Assert.Equal("1", await kubectl.FieldAsync("deployment web", "{.spec.replicas}"));
    }

    [Fact]
    public async Task Scale_OfAnAppliedDeployment_IsAConflictUntilTheReplicasAreLeftOut()
    {
        await using var space = await cluster.CreateNamespaceAsync("scaled");
        (await space.New.ApplyAsync(Manifests.WebDeployment(replicas: 1), "--server-side")).Succeeded();
        (await space.New.RunAsync("scale", "deployment", "web", "--replicas=2")).Succeeded();

        var refused = await space.New.ApplyAsync(Manifests.WebDeployment(replicas: 1), "--server-side");

        Assert.Contains(".spec.replicas", refused.Error, StringComparison.Ordinal);
        Assert.Equal("2", await space.New.FieldAsync("deployment web", "{.spec.replicas}"));
    }

    [Fact]
    public async Task Diff_ServerSide_ShowsWhatWouldChange()
    {
        await using var space = await cluster.CreateNamespaceAsync("diff");
        (await space.New.ApplyAsync(Map("1"), "--server-side")).Succeeded();
        var file = Path.GetTempFileName();
        try
        {
            await File.WriteAllTextAsync(file, Map("2"));
            var diff = await space.New.RunAsync("diff", "--server-side", "-f", file);
            Assert.Equal(1, diff.ExitCode);
            Assert.Contains("+  color: \"2\"", diff.Output, StringComparison.Ordinal);
        }
        finally
        {
            File.Delete(file);
        }

        Assert.Equal("1", await space.New.FieldAsync("configmap shared", "{.data.color}"));
    }

    [Fact]
    public async Task ManagedFields_AreShownWhenAskedFor()
    {
        await using var space = await cluster.CreateNamespaceAsync("owners");
        (await space.New.ApplyAsync(Map("1"), "--server-side")).Succeeded();

        Assert.DoesNotContain("managedFields", await space.New.ReadAsync("get", "configmap", "shared", "-o", "yaml"), StringComparison.Ordinal);
        Assert.Contains("f:color: {}", await space.New.ReadAsync("get", "configmap", "shared", "-o", "yaml", "--show-managed-fields"), StringComparison.Ordinal);
    }

    private static string Map(string color) => $"""
        apiVersion: v1
        kind: ConfigMap
        metadata:
          name: shared
        data:
          color: "{color}"
        """;
}
