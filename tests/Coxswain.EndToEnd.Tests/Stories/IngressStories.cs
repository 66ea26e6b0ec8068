using Coxswain.EndToEnd.Tests.Infrastructure;

namespace Coxswain.EndToEnd.Tests.Stories;

/// <summary>Ingresses, as the texts print them, on ports 80 and 443 of the node.</summary>
[Collection(ClusterCollection.Name)]
public class IngressStories(Cluster cluster)
{
    [Fact]
    public async Task Ingress_AsPrinted_LeadsToItsServices()
    {
        (await cluster.CoxswainAsync("addons", "enable", "ingress")).Succeeded();
        Assert.Contains("enabled", (await cluster.CoxswainAsync("addons", "list")).Succeeded().Output, StringComparison.Ordinal);
        Assert.Contains("ingress-nginx-controller", await cluster.New.ReadAsync("get", "pods", "--namespace", "kube-system"), StringComparison.Ordinal);
        await using var space = await cluster.CreateNamespaceAsync("ingress");
        var kubectl = space.New;
        foreach (var (name, image) in new[] { ("web-api-service", "web:v1"), ("events", "web:v1"), ("bookings", "web:v2"), ("frontend", "web:v2") })
        {
            (await kubectl.ApplyAsync(Manifests.WebDeployment(name, replicas: 1, image))).Succeeded();
            (await kubectl.RunAsync("expose", "deployment", name, "--port=80", "--target-port=8080")).Succeeded();
            (await kubectl.RunAsync("rollout", "status", $"deployment/{name}", "--timeout=60s")).Succeeded();
        }

        (await space.Old.ApplyAsync(WebApi)).Succeeded();
        (await space.Old.ApplyAsync(MyEvents)).Succeeded();
        var address = await Eventually.BecomesAsync(
            () => kubectl.FieldAsync("ingress web-api-ingress", "{.status.loadBalancer.ingress[0].ip}"), text => text.Length > 0, "the address");
        Assert.Equal((await cluster.CoxswainAsync("ip")).Output.Trim(), address);
        await AnswersAsync(address, "example.org", "/", "web v1");
        await AnswersAsync(address, "www.myevents.example", "/", "web v2");

        // Their servers have no such files: that nginx passes the path on shows in whose 404 it is.
        await AnswersAsync(address, "api.myevents.example", "/events", "<H1>404 Not Found</H1>");
        await AnswersAsync(address, "api.myevents.example", "/elsewhere", "<center>nginx</center>");
    }

    [Fact]
    public async Task Ingress_ThatNginxCannotTake_IsToldSoAndTheOthersGoOn()
    {
        (await cluster.CoxswainAsync("addons", "enable", "ingress")).Succeeded();
        await using var space = await cluster.CreateNamespaceAsync("badingress");
        var kubectl = space.New;
        (await kubectl.ApplyAsync(Manifests.WebDeployment(replicas: 1))).Succeeded();
        (await kubectl.RunAsync("expose", "deployment", "web", "--port=80", "--target-port=8080")).Succeeded();
        (await kubectl.RunAsync("rollout", "status", "deployment/web", "--timeout=60s")).Succeeded();
        (await kubectl.ApplyAsync(Ingress("broken", "broken.example", "/(", "nginx.ingress.kubernetes.io/use-regex: 'true'"))).Succeeded();
        (await kubectl.ApplyAsync(Ingress("snippet", "snippet.example", "/", "nginx.ingress.kubernetes.io/configuration-snippet: 'return 200;'"))).Succeeded();
        (await kubectl.ApplyAsync(Ingress("good", "good.example", "/", "nginx.ingress.kubernetes.io/enable-cors: 'true'"))).Succeeded();

        var address = await Eventually.BecomesAsync(
            () => kubectl.FieldAsync("ingress good", "{.status.loadBalancer.ingress[0].ip}"), text => text.Length > 0, "the address");
        await AnswersAsync(address, "good.example", "/", "web v1");
        await Eventually.BecomesAsync(
            () => kubectl.ReadAsync("describe", "ingress", "broken"), text => text.Contains("nginx refuses it", StringComparison.Ordinal), "the refusal");
        Assert.Contains("snippets are refused", await kubectl.ReadAsync("describe", "ingress", "snippet"), StringComparison.Ordinal);
        Assert.Equal("", await kubectl.FieldAsync("ingress broken", "{.status.loadBalancer.ingress}"));
    }

    /// <summary>What text 001 prints.</summary>
    private const string WebApi = """
        apiVersion: networking.k8s.io/v1beta1
        kind: Ingress
        metadata:
          name: web-api-ingress
          annotations:
            nginx.ingress.kubernetes.io/rewrite-target: /$1
        spec:
          rules:
          - host: example.org
            http:
              paths:
              - path: /
                backend:
                  serviceName: web-api-service
                  servicePort: 80
        """;

    /// <summary>What text 002 prints.</summary>
    private const string MyEvents = """
        apiVersion: extensions/v1beta1
        kind: Ingress
        metadata:
          name: myevents
        spec:
          rules:
          - host: api.myevents.example
            http:
              paths:
              - path: /events
                backend:
                  serviceName: events
                  servicePort: 80
              - path: /bookings
                backend:
                  serviceName: bookings
                  servicePort: 80
          - host: www.myevents.example
            http:
              paths:
              - backend:
                  serviceName: frontend
                  servicePort: 80
        """;

    private static Task AnswersAsync(string address, string host, string path, string expected) => Eventually.BecomesAsync(
        async () => (await Command.RunAsync("curl", ["-s", "--max-time", "5", "-H", $"Host: {host}", $"http://{address}{path}"])).Output,
        answer => answer.Contains(expected, StringComparison.Ordinal), $"\"{expected}\" from {host}{path}");

    private static string Ingress(string name, string host, string path, string annotation) => $$"""
        apiVersion: networking.k8s.io/v1
        kind: Ingress
        metadata:
          name: {{name}}
          annotations:
            {{annotation}}
        spec:
          ingressClassName: nginx
          rules:
          - host: {{host}}
            http:
              paths:
              - path: {{path}}
                pathType: ImplementationSpecific
                backend:
                  service:
                    name: web
                    port: {number: 80}
        """;
}
