using Coxswain.EndToEnd.Tests.Infrastructure;

namespace Coxswain.EndToEnd.Tests.Stories;

/// <summary>Who may speak with whom is what the policies say, from a Pod's first packet on.</summary>
[Collection(ClusterCollection.Name)]
public class NetworkPolicyStories(Cluster cluster)
{
    [Fact]
    public async Task Policies_DenyAllThenAllow_OpenTheWayOfOneClientAlone()
    {
        await using var space = await cluster.CreateNamespaceAsync("policies");
        var kubectl = space.New;
        (await kubectl.ApplyAsync(Manifests.WebDeployment(replicas: 1))).Succeeded();
        (await kubectl.RunAsync("expose", "deployment", "web", "--port=80", "--target-port=8080")).Succeeded();
        (await kubectl.RunAsync("rollout", "status", "deployment/web", "--timeout=60s")).Succeeded();
        foreach (var client in new[] { "friend", "stranger" })
        {
            (await kubectl.ApplyAsync(Manifests.ShellPod(client, "sleep 1000000"))).Succeeded();
            (await kubectl.RunAsync("label", "pod", client, $"role={client}")).Succeeded();
            (await kubectl.RunAsync("wait", "--for=condition=Ready", $"pod/{client}", "--timeout=60s")).Succeeded();
            Assert.Contains("web v1", await AskAsync(kubectl, client), StringComparison.Ordinal);
        }

        var applied = (await kubectl.ApplyAsync(Policy("deny", "podSelector: {}\n  policyTypes: [Ingress]"))).Succeeded();
        Assert.DoesNotContain("Warning", applied.Error, StringComparison.Ordinal);
        await Eventually.BecomesAsync(() => AskAsync(kubectl, "stranger"), answer => !answer.Contains("web", StringComparison.Ordinal), "the denial");
        (await kubectl.ApplyAsync(Policy("friends", """
            podSelector: {matchLabels: {app: web}}
              ingress:
              - from: [{podSelector: {matchLabels: {role: friend}}}]
                ports: [{port: 8080}]
            """))).Succeeded();
        await Eventually.BecomesAsync(() => AskAsync(kubectl, "friend"), answer => answer.Contains("web v1", StringComparison.Ordinal), "the permission");
        Assert.DoesNotContain("web", await AskAsync(kubectl, "stranger"), StringComparison.Ordinal);

        // One that is made now is shut out before it can have sent anything.
        (await kubectl.ApplyAsync(Manifests.ShellPod("hasty", "wget -T 2 -qO- http://web/ && echo came through || echo was kept out; sleep 1000000"))).Succeeded();
        var log = await Eventually.BecomesAsync(
            () => kubectl.ReadAsync("logs", "hasty", "--ignore-errors"), text => text.Contains("came", StringComparison.Ordinal) || text.Contains("kept", StringComparison.Ordinal), "the attempt");
        Assert.Contains("was kept out", log, StringComparison.Ordinal);
    }

    [Fact]
    public async Task LoadBalancer_AnAddressAtOnce_AnswersOnThisMachine()
    {
        await using var space = await cluster.CreateNamespaceAsync("balancer");
        var kubectl = space.New;
        (await kubectl.ApplyAsync(Manifests.WebDeployment(replicas: 1))).Succeeded();
        (await kubectl.RunAsync("rollout", "status", "deployment/web", "--timeout=60s")).Succeeded();
        (await kubectl.RunAsync("expose", "deployment", "web", "--type=LoadBalancer", "--port=80", "--target-port=8080")).Succeeded();

        var address = await Eventually.BecomesAsync(
            () => kubectl.FieldAsync("service web", "{.status.loadBalancer.ingress[0].ip}"), text => text.Length > 0, "the address");
        await Eventually.BecomesAsync(() => Web.GetAsync($"http://{address}/"), answer => answer.Contains("web v1", StringComparison.Ordinal), "the answer");
        Assert.Contains(address, await kubectl.ReadAsync("get", "service", "web"), StringComparison.Ordinal);
    }

    private static async Task<string> AskAsync(Kubectl kubectl, string pod) =>
        (await kubectl.RunAsync("exec", pod, "--", "wget", "-T", "1", "-qO-", "http://web/")).Output;

    private static string Policy(string name, string spec) => $"""
        apiVersion: networking.k8s.io/v1
        kind: NetworkPolicy
        metadata:
          name: {name}
        spec:
          {spec}
        """;
}
