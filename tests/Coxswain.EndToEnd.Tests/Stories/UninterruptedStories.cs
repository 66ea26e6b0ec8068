using System.Globalization;
using Coxswain.EndToEnd.Tests.Infrastructure;

namespace Coxswain.EndToEnd.Tests.Stories;

/// <summary>Pods come and go under load, and nobody who asks the Service is turned away.</summary>
[Collection(ClusterCollection.Name)]
public class UninterruptedStories(Cluster cluster)
{
    private const int Updates = 10;

    [Fact]
    public async Task NodePort_UnderLoadThroughUpdatesADrainAndAScaleDown_AnswersEveryRequest()
    {
        await using var space = await cluster.CreateNamespaceAsync("load");
        var kubectl = space.New;
        (await kubectl.ApplyAsync(Manifest)).Succeeded();
        (await kubectl.RunAsync("rollout", "status", "deployment/web", "--timeout=120s")).Succeeded();
        var port = int.Parse(await kubectl.FieldAsync("service web", "{.spec.ports[0].nodePort}"), CultureInfo.InvariantCulture);

        await using var load = RequestLoad.Start("127.0.0.1", port, "web v");
        for (var update = 1; update <= Updates; update++)
        {
            (await kubectl.RunAsync("set", "image", "deployment/web", $"web=web:v{1 + (update % 2)}")).Succeeded();
            (await kubectl.RunAsync("rollout", "status", "deployment/web", "--timeout=120s")).Succeeded();
            AssertNoneFailed(load, $"roll-out {update}");
        }

        // The budget keeps two pods until the others have a node again.
        await using (var drain = kubectl.Start("drain", "e2e-node", "--ignore-daemonsets", "--force", "--delete-emptydir-data", "--pod-selector=app=web", "--timeout=120s"))
        {
            await Eventually.BecomesAsync(
                () => kubectl.ReadAsync("get", "pods", "-l", "app=web", "--no-headers"),
                pods => pods.Split('\n').Count(pod => pod.Contains("Pending", StringComparison.Ordinal)) == 2, "two evictions");
        }

        (await kubectl.RunAsync("uncordon", "e2e-node")).Succeeded();
        (await kubectl.RunAsync("rollout", "status", "deployment/web", "--timeout=120s")).Succeeded();
        AssertNoneFailed(load, "the drain");

        (await kubectl.RunAsync("scale", "deployment/web", "--replicas=1")).Succeeded();
        await Eventually.BecomesAsync(
            () => kubectl.ReadAsync("get", "pods", "-l", "app=web", "--no-headers"), pods => pods.Split('\n').Length == 1, "the scale-down");
        AssertNoneFailed(load, "the scale-down");
        Assert.True(load.Answered > 1000, $"only {load.Answered} requests were answered");
    }

    private static void AssertNoneFailed(RequestLoad load, string during) =>
        Assert.True(load.Failures.Count == 0, $"{load.Failures.Count} requests failed by the end of {during}, {load.Answered} were answered:\n{string.Join('\n', load.Failures)}");

    /// <summary>A server that closes its port as soon as it is told to stop, and finishes what it has begun.</summary>
    private const string Manifest = """
        apiVersion: apps/v1
        kind: Deployment
        metadata: { name: web }
        spec:
          replicas: 4
          selector: { matchLabels: { app: web } }
          strategy: { rollingUpdate: { maxUnavailable: 1, maxSurge: 1 } }
          template:
            metadata: { labels: { app: web } }
            spec:
              terminationGracePeriodSeconds: 10
              containers:
              - name: web
                image: web:v1
                command: [sh, -c, "httpd -f -p 8080 -h /www & trap 'kill $!; sleep 1; exit' TERM; wait"]
                readinessProbe: { httpGet: { path: /, port: 8080 }, periodSeconds: 1 }
        ---
        apiVersion: v1
        kind: Service
        metadata: { name: web }
        spec:
          type: NodePort
          selector: { app: web }
          ports: [{ port: 80, targetPort: 8080 }]
        ---
        apiVersion: policy/v1
        kind: PodDisruptionBudget
        metadata: { name: web }
        spec:
          minAvailable: 2
          selector: { matchLabels: { app: web } }
        """;
}
