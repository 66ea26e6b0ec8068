using System.Net;
using System.Text.Json.Nodes;
using Coxswain.Api.Core.V1;
using Coxswain.Node.Options;
using Coxswain.Node.Tests.Agent;

namespace Coxswain.Node.Tests.Server;

public sealed class StatsEndpointsTests : IAsyncLifetime
{
    private readonly TestAuthority _authority = new();
    private TestNode _node = null!; // Set before any test runs.
    private HttpClient _client = null!; // Set before any test runs.

    public async Task InitializeAsync()
    {
        _node = await TestNode.StartAsync(new NodeServerOptions
        {
            Address = IPAddress.Loopback, Port = 0, Certificate = _authority.Issue("CN=system:node:test-node"), ClientAuthority = _authority.Certificate,
        });
        await _node.CreateAsync(
            "busy", "dd if=/dev/zero of=/work/file bs=1024 count=512; touch /dev/shm/ready; while :; do :; done",
            container => TestNode.WithWork(container) with
            {
                Resources = new ResourceRequirements { Limits = new Dictionary<string, Coxswain.Api.Scalars.Quantity> { ["memory"] = Coxswain.Api.Scalars.Quantity.Parse("64Mi"), ["cpu"] = Coxswain.Api.Scalars.Quantity.Parse("200m") } },
                ReadinessProbe = new Probe { Exec = new ExecAction { Command = ["cat", "/dev/shm/ready"] }, PeriodSeconds = 1 },
            },
            "Never", TestNode.WithWork);
        await _node.WaitForReadyAsync("busy");
        _client = _authority.Client(_node.Port, _authority.Issue("CN=kube-apiserver-kubelet-client"));
    }

    public async Task DisposeAsync()
    {
        _client.Dispose();
        await _node.DisposeAsync();
        _authority.Dispose();
    }

    [Fact]
    public async Task Stats_OfARunningPod_AreToldOnEveryPath()
    {
        var resource = await AskAsync("/metrics/resource");
        Assert.True(Sample(resource, "container_cpu_usage_seconds_total{container=\"main\",namespace=\"default\",pod=\"busy\"}") > 0);
        Assert.True(Sample(resource, "container_memory_working_set_bytes{container=\"main\",namespace=\"default\",pod=\"busy\"}") > 0);
        Assert.True(Sample(resource, "pod_cpu_usage_seconds_total{namespace=\"default\",pod=\"busy\"}") > 0);
        Assert.True(Sample(resource, "node_cpu_usage_seconds_total") > 0);

        var cadvisor = await AskAsync("/metrics/cadvisor");
        var place = cadvisor.Split('\n').Single(line => line.StartsWith("container_spec_memory_limit_bytes{container=\"main\"", StringComparison.Ordinal));
        Assert.Contains("pod=\"busy\"} 67108864", place, StringComparison.Ordinal);
        Assert.Contains("container_network_receive_bytes_total{container=\"\"", cadvisor, StringComparison.Ordinal);
        Assert.Contains("interface=\"eth0\"", cadvisor, StringComparison.Ordinal);

        Assert.Contains(
            "container=\"main\",namespace=\"default\",pod=\"busy\"", (await AskAsync("/metrics/probes")).Split('\n')
                .First(line => line.Contains("probe_type=\"Readiness\",result=\"successful\"", StringComparison.Ordinal)), StringComparison.Ordinal);
        Assert.Equal(1, Sample(await AskAsync("/metrics"), "kubelet_running_containers{container_state=\"running\"}"));

        var summary = JsonNode.Parse(await AskAsync("/stats/summary"))!;
        Assert.Equal("test-node", (string?)summary["node"]!["nodeName"]);
        var pod = summary["pods"]!.AsArray().Single()!;
        Assert.Equal("busy", (string?)pod["podRef"]!["name"]);
        Assert.True((long)pod["containers"]![0]!["cpu"]!["usageCoreNanoSeconds"]! > 0);
        Assert.InRange((long)pod["containers"]![0]!["memory"]!["availableBytes"]!, 1, 64 << 20);
        Assert.Equal("eth0", (string?)pod["network"]!["name"]);
        var volume = pod["volume"]!.AsArray().Single(item => (string?)item!["name"] == "work")!;
        Assert.InRange((long)volume["usedBytes"]!, 512 * 1024, 1024 * 1024);
        Assert.True((long)pod["ephemeral-storage"]!["usedBytes"]! >= 512 * 1024);
        Assert.Null(JsonNode.Parse(await AskAsync("/stats/summary?only_cpu_and_memory=true"))!["pods"]![0]!["volume"]);
    }

    private async Task<string> AskAsync(string path) => await _client.GetStringAsync(new Uri(path, UriKind.Relative), TestNode.Timeout);

    private static double Sample(string text, string name) => double.Parse(
        text.Split('\n').Single(line => line.StartsWith(name + " ", StringComparison.Ordinal))[(name.Length + 1)..].Split(' ')[0],
        System.Globalization.CultureInfo.InvariantCulture);
}
