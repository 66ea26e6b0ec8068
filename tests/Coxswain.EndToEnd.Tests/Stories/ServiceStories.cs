using Coxswain.EndToEnd.Tests.Infrastructure;

namespace Coxswain.EndToEnd.Tests.Stories;

/// <summary>Pods find each other by name, and only ready ones are asked.</summary>
[Collection(ClusterCollection.Name)]
public class ServiceStories(Cluster cluster)
{
    [Fact]
    public async Task Pod_AsksAServiceByName_AnyReadyPodAnswers()
    {
        await using var space = await cluster.CreateNamespaceAsync("names");
        (await space.New.ApplyAsync(Manifests.WebDeployment())).Succeeded();
        (await space.New.RunAsync("expose", "deployment", "web", "--port=80", "--target-port=8080")).Succeeded();
        (await space.New.RunAsync("rollout", "status", "deployment/web", "--timeout=60s")).Succeeded();

        (await space.New.ApplyAsync(Manifests.ShellPod("client",
            $"until wget -qO- http://web/ && wget -qO- http://web.{space.Name}.svc.cluster.local/; do sleep 0.2; done; cat /etc/resolv.conf; sleep 1000000"))).Succeeded();

        var log = await Eventually.BecomesAsync(() => space.New.ReadAsync("logs", "client", "--ignore-errors"), text => text.Contains("nameserver", StringComparison.Ordinal), "the answers");
        Assert.Contains("web v1\nweb v1", log, StringComparison.Ordinal);
        Assert.Contains($"search {space.Name}.svc.cluster.local svc.cluster.local cluster.local", log, StringComparison.Ordinal);
    }

    [Fact]
    public async Task ReadinessProbeFails_PodIsNoEndpoint()
    {
        await using var space = await cluster.CreateNamespaceAsync("ready");
        (await space.New.ApplyAsync(Manifests.ShellPod("slow", "sleep 1000000", "readinessProbe: {exec: {command: [cat, /tmp/ready]}, periodSeconds: 1}"))).Succeeded();
        (await space.New.RunAsync("label", "pod", "slow", "app=slow")).Succeeded();
        (await space.New.RunAsync("expose", "pod", "slow", "--port=80")).Succeeded();

        await Eventually.BecomesAsync(() => space.New.FieldAsync("pod slow", "{.status.phase}"), phase => phase == "Running", "the start");

        Assert.Equal("False", await space.New.FieldAsync("pod slow", "{.status.conditions[?(@.type=='Ready')].status}"));
        await Eventually.BecomesAsync(() => space.New.FieldAsync("endpoints slow", "{.subsets[0].notReadyAddresses[0].targetRef.name}"), name => name == "slow", "the address among those not ready");
    }

    [Theory]
    [InlineData("old")]
    [InlineData("new")]
    public async Task Logs_Followed_ShowEachLineAsItComes(string version)
    {
        await using var space = await cluster.CreateNamespaceAsync("logs");
        (await space.New.ApplyAsync(Manifests.ShellPod("talker", "for i in 1 2 3 4 5; do echo line $i; sleep 0.5; done; sleep 1000000"))).Succeeded();
        await Eventually.BecomesAsync(() => space.New.FieldAsync("pod talker", "{.status.phase}"), phase => phase == "Running", "the start");

        await using var logs = space.Kubectl(version).Start("logs", "-f", "talker");
        await logs.WaitForLineAsync(line => line == "line 1");
        await logs.WaitForLineAsync(line => line == "line 5");

        Assert.Equal("line 5", await space.Kubectl(version).ReadAsync("logs", "talker", "--tail=1"));
    }
}
