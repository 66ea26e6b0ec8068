using Coxswain.EndToEnd.Tests.Infrastructure;

namespace Coxswain.EndToEnd.Tests.Stories;

/// <summary>What runs once, by the clock, with data of its own, or on every node.</summary>
[Collection(ClusterCollection.Name)]
public class WorkloadStories(Cluster cluster)
{
    [Theory]
    [InlineData("old")]
    [InlineData("new")]
    public async Task Job_ThatSucceedsTwice_CompletesAndIsDescribed(string version)
    {
        await using var space = await cluster.CreateNamespaceAsync("job");
        var kubectl = space.Kubectl(version);
        (await kubectl.ApplyAsync(JobManifest("twice", "echo counted", "completions: 2"))).Succeeded();
        (await kubectl.RunAsync("wait", "--for=condition=complete", "job/twice", "--timeout=60s")).Succeeded();

        Assert.Equal(["twice", "2/2"], (await kubectl.ReadAsync("get", "jobs", "--no-headers")).Split(' ', StringSplitOptions.RemoveEmptyEntries).Where(cell => cell != "Complete").Take(2));
        Assert.Contains("counted", await kubectl.ReadAsync("logs", "job/twice"), StringComparison.Ordinal);
        var described = await kubectl.ReadAsync("describe", "job", "twice");
        Assert.Contains("2 Succeeded / 0 Failed", described, StringComparison.Ordinal);
        Assert.Contains("Job completed", described, StringComparison.Ordinal);
        (await kubectl.RunAsync("delete", "job", "twice")).Succeeded();
        await Eventually.BecomesAsync(() => kubectl.ReadAsync("get", "pods", "--no-headers"), pods => pods.Length == 0, "the end of its pods");
    }

    [Fact]
    public async Task Job_ThatFails_EndsAtItsLimit()
    {
        await using var space = await cluster.CreateNamespaceAsync("job");
        (await space.New.ApplyAsync(JobManifest("never", "exit 3", "backoffLimit: 0"))).Succeeded();
        (await space.New.RunAsync("wait", "--for=condition=failed", "job/never", "--timeout=60s")).Succeeded();
        Assert.Contains("BackoffLimitExceeded", await space.New.ReadAsync("describe", "job", "never"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task CronJob_MadeByHand_RunsItsJob()
    {
        await using var space = await cluster.CreateNamespaceAsync("cron");
        var create = new[] { "create", "cronjob", "tick", $"--image={Cluster.BusyboxImage}", "--schedule=* * * * *", "--", "date" };
        (await space.New.RunAsync(create)).Succeeded();
        var lines = (await space.New.ReadAsync("get", "cronjobs")).Split('\n');
        Assert.StartsWith("NAME   SCHEDULE    ", lines[0], StringComparison.Ordinal);
        Assert.StartsWith("tick   * * * * *   ", lines[1], StringComparison.Ordinal);

        (await space.New.RunAsync("create", "job", "now", "--from=cronjob/tick")).Succeeded();
        (await space.New.RunAsync("wait", "--for=condition=complete", "job/now", "--timeout=60s")).Succeeded();
        await Eventually.BecomesAsync(
            () => space.New.ReadAsync("get", "jobs", "--no-headers"), jobs => jobs.Split('\n').Any(line => line.StartsWith("tick-", StringComparison.Ordinal)), "the Job of the next minute", 90);
        Assert.Contains("Created job tick-", await space.New.ReadAsync("describe", "cronjob", "tick"), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("old")]
    [InlineData("new")]
    public async Task StatefulSet_PodIsDeleted_ItsDataAreThereAgain(string version)
    {
        await using var space = await cluster.CreateNamespaceAsync("stateful");
        var kubectl = space.Kubectl(version);
        (await kubectl.ApplyAsync($$"""
            apiVersion: apps/v1
            kind: StatefulSet
            metadata: { name: rmq }
            spec:
              serviceName: rmq
              replicas: 1
              selector: { matchLabels: { app: rmq } }
              template:
                metadata: { labels: { app: rmq } }
                spec:
                  terminationGracePeriodSeconds: 1
                  containers:
                  - name: main
                    image: {{Cluster.BusyboxImage}}
                    command: ["sh", "-c", "echo $HOSTNAME was here >> /data/log; cat /data/log; sleep 3600"]
                    volumeMounts: [{ name: data, mountPath: /data }]
              volumeClaimTemplates:
              - metadata: { name: data }
                spec: { accessModes: [ReadWriteOnce], resources: { requests: { storage: 1Gi } } }
            """)).Succeeded();
        (await kubectl.RunAsync("rollout", "status", "statefulset/rmq", "--timeout=60s")).Succeeded();
        Assert.Contains("rmq    1/1", await kubectl.ReadAsync("get", "statefulsets"), StringComparison.Ordinal);
        var claim = await kubectl.ReadAsync("get", "pvc", "--no-headers");
        Assert.Matches("^data-rmq-0 +Bound +pvc-[0-9a-f-]+ +1Gi +RWO +standard", claim);

        (await kubectl.RunAsync("delete", "pod", "rmq-0")).Succeeded();
        (await kubectl.RunAsync("rollout", "status", "statefulset/rmq", "--timeout=60s")).Succeeded();
        await Eventually.BecomesAsync(
            () => kubectl.ReadAsync("logs", "rmq-0"), log => log.Split('\n').Count(line => line == "rmq-0 was here") == 2, "both lines in the volume");

        var folder = await kubectl.FieldAsync("pv", $"{{.items[?(@.spec.claimRef.namespace==\"{space.Name}\")].spec.hostPath.path}}");
        Assert.True(Directory.Exists(folder));
        (await kubectl.RunAsync("delete", "statefulset", "rmq")).Succeeded();
        (await kubectl.RunAsync("delete", "pvc", "data-rmq-0")).Succeeded();
        await Eventually.BecomesAsync(() => Task.FromResult(Directory.Exists(folder)), exists => !exists, "the end of its data");
    }

    [Fact]
    public async Task DaemonSet_BrokenUpdate_IsUndone()
    {
        await using var space = await cluster.CreateNamespaceAsync("daemon");
        (await space.New.ApplyAsync($$"""
            apiVersion: apps/v1
            kind: DaemonSet
            metadata: { name: agent }
            spec:
              selector: { matchLabels: { app: agent } }
              template:
                metadata: { labels: { app: agent } }
                spec:
                  terminationGracePeriodSeconds: 1
                  containers: [{ name: main, image: {{Cluster.BusyboxImage}}, command: [sleep, "3600"] }]
            """)).Succeeded();
        (await space.New.RunAsync("rollout", "status", "daemonset/agent", "--timeout=60s")).Succeeded();
        (await space.New.RunAsync("set", "image", "daemonset/agent", "main=none.invalid/none:1")).Succeeded();
        await Eventually.BecomesAsync(() => space.New.ReadAsync("rollout", "history", "daemonset/agent"), history => history.Contains("\n2", StringComparison.Ordinal), "the second revision");
        (await space.New.RunAsync("rollout", "undo", "daemonset/agent")).Succeeded();
        (await space.New.RunAsync("rollout", "status", "daemonset/agent", "--timeout=60s")).Succeeded();

        Assert.Equal(["agent", "1", "1", "1", "1", "1", "<none>"],
            (await space.New.ReadAsync("get", "daemonsets", "--no-headers")).Split(' ', StringSplitOptions.RemoveEmptyEntries)[..7]);
        Assert.Equal(Cluster.BusyboxImage, await space.New.FieldAsync("pods", "{.items[0].spec.containers[0].image}"));
        Assert.DoesNotContain("\n1 ", await space.New.ReadAsync("rollout", "history", "daemonset/agent"), StringComparison.Ordinal);
    }

    private static string JobManifest(string name, string script, string more) => $$"""
        apiVersion: batch/v1
        kind: Job
        metadata: { name: {{name}} }
        spec:
          {{more}}
          template:
            spec:
              restartPolicy: Never
              terminationGracePeriodSeconds: 1
              containers: [{ name: main, image: {{Cluster.BusyboxImage}}, command: ["sh", "-c", "{{script}}"] }]
        """;
}
