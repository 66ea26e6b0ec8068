using System.Globalization;
using System.Text.Json.Nodes;
using Coxswain.ApiServer.Tests.Http.Tunnels;

namespace Coxswain.ApiServer.Tests.Metrics;

public sealed class MetricsApiTests : IAsyncLifetime
{
    private const string Group = "/apis/metrics.k8s.io/v1beta1";

    private TestServer _server = null!; // Set before any test runs.
    private FakeNode _node = null!;

    public async Task InitializeAsync()
    {
        _server = await TestServer.StartAsync();
        _node = new FakeNode(_server.Pki) { Text = _ => Resource() };
        var port = await _node.StartAsync();
        (await _server.PostAsync("/api/v1/nodes", """{"metadata":{"name":"n1","labels":{"zone":"a"}}}""")).Expect(201);
        (await _server.PostAsync("/api/v1/nodes", """{"metadata":{"name":"silent"}}""")).Expect(201);
        (await _server.PatchAsync("/api/v1/nodes/n1/status", $$$"""
            {"status":{"addresses":[{"type":"InternalIP","address":"127.0.0.1"}],
            "daemonEndpoints":{"kubeletEndpoint":{"Port":{{{port}}} } } } }
            """)).Expect(200);
        foreach (var name in (string[])["web", "idle"])
        {
            (await _server.PostAsync("/api/v1/namespaces/default/pods", $$$"""
                {"metadata":{"name":"{{{name}}}","labels":{"app":"{{{name}}}"}},"spec":{"nodeName":"n1","containers":[{"name":"main","image":"a"}]}}
                """)).Expect(201);
        }
    }

    public async Task DisposeAsync()
    {
        await _server.DisposeAsync();
        await _node.DisposeAsync();
    }

    [Fact]
    public async Task Read_OfPodsAndNodes_SaysWhatTheNodesTell()
    {
        var pods = (await _server.GetAsync($"{Group}/pods")).Expect(200).Json;
        Assert.Equal(("PodMetricsList", "metrics.k8s.io/v1beta1"), ((string?)pods["kind"], (string?)pods["apiVersion"]));
        var pod = pods["items"]!.AsArray().Single()!;
        Assert.Equal(("web", "default", "web"), (
            (string?)pod["metadata"]!["name"], (string?)pod["metadata"]!["namespace"], (string?)pod["metadata"]!["labels"]!["app"]));
        Assert.Equal("""[{"name":"main","usage":{"cpu":"250m","memory":"2Mi"}}]""", Rounded(pod["containers"]!.AsArray()).ToJsonString());
        Assert.NotNull(pod["timestamp"]);
        Assert.EndsWith("s", (string?)pod["window"], StringComparison.Ordinal);

        Assert.Equal("web", (string?)(await _server.GetAsync($"{Group}/namespaces/default/pods/web")).Expect(200).Json["metadata"]!["name"]);
        (await _server.GetAsync($"{Group}/namespaces/default/pods/idle")).Expect(404);
        (await _server.GetAsync($"{Group}/namespaces/other/pods/web")).Expect(404);
        Assert.Single((await _server.GetAsync($"{Group}/pods?labelSelector=app%3Dweb")).Expect(200).Json["items"]!.AsArray());
        Assert.Empty((await _server.GetAsync($"{Group}/pods?labelSelector=app%3Dother")).Expect(200).Json["items"]!.AsArray());
        Assert.Empty((await _server.GetAsync($"{Group}/namespaces/kube-system/pods")).Expect(200).Json["items"]!.AsArray());

        var nodes = (await _server.GetAsync($"{Group}/nodes")).Expect(200).Json["items"]!.AsArray();
        Assert.Equal(("n1", "a"), ((string?)nodes.Single()!["metadata"]!["name"], (string?)nodes.Single()!["metadata"]!["labels"]!["zone"]));
        Assert.Equal("3Gi", (string?)nodes.Single()!["usage"]!["memory"]);
    }

    [Theory]
    [InlineData("POST", Group + "/namespaces/default/pods")]
    [InlineData("DELETE", Group + "/namespaces/default/pods/web")]
    [InlineData("PUT", Group + "/nodes/n1")]
    public async Task Write_IsNotSupported(string method, string path) =>
        (await _server.SendAsync(new HttpMethod(method), path, "{}")).Expect(405);

    [Fact]
    public async Task Watch_IsNotSupported() => (await _server.GetAsync($"{Group}/pods?watch=true")).Expect(405);

    [Fact]
    public async Task Discovery_NamesTheGroup_AndItsApiServiceIsLocal()
    {
        var resources = (await _server.GetAsync(Group)).Expect(200).Json["resources"]!.AsArray();
        Assert.Equal(["nodes NodeMetrics", "pods PodMetrics"], resources.Select(resource => $"{resource!["name"]} {resource["kind"]}"));
        Assert.All(resources, resource => Assert.Equal("""["get","list"]""", resource!["verbs"]!.ToJsonString()));
        var service = (await _server.GetAsync("/apis/apiregistration.k8s.io/v1/apiservices/v1beta1.metrics.k8s.io")).Expect(200).Json;
        Assert.Null(service["spec"]!["service"]);
    }

    /// <summary>A container that used a quarter of a processor since the epoch.</summary>
    private static string Resource()
    {
        var now = DateTimeOffset.UtcNow;
        var seconds = now.ToUnixTimeMilliseconds() / 1000.0;
        return string.Create(CultureInfo.InvariantCulture, $$"""
            container_cpu_usage_seconds_total{container="main",namespace="default",pod="web"} {{seconds / 4:R}} {{now.ToUnixTimeMilliseconds()}}
            container_memory_working_set_bytes{container="main",namespace="default",pod="web"} 2097152
            container_start_time_seconds{container="main",namespace="default",pod="web"} 0
            node_cpu_usage_seconds_total {{seconds:R}} {{now.ToUnixTimeMilliseconds()}}
            node_memory_working_set_bytes 3221225472

            """);
    }

    /// <summary>Floating point leaves some nanoseconds.</summary>
    private static JsonArray Rounded(JsonArray containers)
    {
        var copy = containers.DeepClone().AsArray();
        foreach (var container in copy)
        {
            var cpu = Coxswain.Api.Scalars.Quantity.Parse((string)container!["usage"]!["cpu"]!).Value;
            container["usage"]!["cpu"] = $"{Math.Round(cpu * 1000)}m";
        }

        return copy;
    }
}
