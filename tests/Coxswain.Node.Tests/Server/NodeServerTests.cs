using System.Net;
using Coxswain.Node.Options;
using Coxswain.Node.Tests.Agent;

namespace Coxswain.Node.Tests.Server;

public sealed class NodeServerTests : IAsyncLifetime
{
    private const int MostConnections = 8;

    private readonly TestAuthority _authority = new();
    private TestNode _node = null!; // Set before any test runs.

    public async Task InitializeAsync() => _node = await TestNode.StartAsync(new NodeServerOptions
    {
        Address = IPAddress.Loopback, Port = 0, Certificate = _authority.Issue("CN=system:node:test-node"), ClientAuthority = _authority.Certificate,
        MostConnections = MostConnections,
    });

    public async Task DisposeAsync()
    {
        await _node.DisposeAsync();
        _authority.Dispose();
    }

    [Fact]
    public async Task Request_WithoutTheAuthoritysCertificate_IsRefused()
    {
        await _node.CreateAsync("any", "exit 0", policy: "Never");
        await _node.WaitForAsync("any", pod => pod?.Status.StartTime is not null);
        using var nobody = _authority.Client(_node.Port, null);
        Assert.Equal(HttpStatusCode.Unauthorized, (await nobody.GetAsync(new Uri("/pods", UriKind.Relative), TestNode.Timeout)).StatusCode);

        using var other = new TestAuthority();
        using var forged = other.Issue("O=system:masters, CN=kube-apiserver-kubelet-client");
        using var forger = _authority.Client(_node.Port, forged);
        await Assert.ThrowsAsync<HttpRequestException>(() => forger.GetAsync(new Uri("/pods", UriKind.Relative), TestNode.Timeout));

        using var unknown = _authority.Issue("CN=system:serviceaccount:default:default");
        using var stranger = _authority.Client(_node.Port, unknown);
        Assert.Equal(HttpStatusCode.Forbidden, (await stranger.GetAsync(new Uri("/pods", UriKind.Relative), TestNode.Timeout)).StatusCode);

        using var client = Allowed();
        Assert.Contains("\"any\"", await client.GetStringAsync(new Uri("/pods", UriKind.Relative), TestNode.Timeout), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Logs_ImageNotToBeHad_SaysSo()
    {
        await _node.CreateAsync("lost", "", container => container with { Image = "nowhere.invalid/none:1" });
        await _node.WaitForAsync("lost", pod => pod?.Status.ContainerStatuses is [{ State.Waiting.Reason: "ImagePullBackOff" }]);
        using var client = Allowed();
        var answer = await client.GetAsync(new Uri("/containerLogs/default/lost/main", UriKind.Relative), TestNode.Timeout);
        Assert.Equal(HttpStatusCode.BadRequest, answer.StatusCode);
        Assert.Equal(
            "container \"main\" in pod \"lost\" is waiting to start: trying and failing to pull image", await answer.Content.ReadAsStringAsync(TestNode.Timeout));
    }

    [Fact]
    public async Task Logs_Follow_EndWithTheContainer()
    {
        await _node.CreateAsync("talk", "echo one; while [ ! -f /work/go ]; do sleep 0.05; done; echo two", TestNode.WithWork, "Never", TestNode.WithWork);
        var pod = await _node.WaitForAsync("talk", pod => pod?.Status.Phase == "Running");
        using var client = Allowed();
        using var reader = new StreamReader(
            await client.GetStreamAsync(new Uri("/containerLogs/default/talk/main?follow=true", UriKind.Relative), TestNode.Timeout));
        Assert.Equal("one", await reader.ReadLineAsync(TestNode.Timeout));
        await File.WriteAllTextAsync(Path.Combine(_node.Volume(pod!, "empty-dir", "work"), "go"), "", TestNode.Timeout);
        Assert.Equal("two\n", await reader.ReadToEndAsync(TestNode.Timeout));
    }

    [Fact]
    public async Task Logs_PreviousOfACrash_AreOfTheAttemptThatEnded()
    {
        await _node.CreateAsync("crash", "echo run >> /work/runs; cat /work/runs; exit 3", TestNode.WithWork, changePod: TestNode.WithWork);
        using var client = Allowed();
        await _node.WaitForAsync("crash", pod => pod?.Status.ContainerStatuses is [{ RestartCount: 1, State.Waiting.Reason: "CrashLoopBackOff" }]);
        Assert.Equal("run\nrun\n", await client.GetStringAsync(new Uri("/containerLogs/default/crash/main?previous=true", UriKind.Relative), TestNode.Timeout));
    }

    [Fact]
    public async Task Logs_PreviousOfTheFirstAttempt_AreNotFound()
    {
        await _node.CreateAsync("once", "exit 0", policy: "Never");
        await _node.WaitForAsync("once", pod => pod?.Status.Phase == "Succeeded");
        using var client = Allowed();
        var answer = await client.GetAsync(new Uri("/containerLogs/default/once/main?previous=true", UriKind.Relative), TestNode.Timeout);
        Assert.Equal(HttpStatusCode.BadRequest, answer.StatusCode);
        Assert.Equal("previous terminated container \"main\" in pod \"once\" not found", await answer.Content.ReadAsStringAsync(TestNode.Timeout));
    }

    [Fact]
    public async Task Connections_MoreThanItTakes_AreClosedUntilOneGoes()
    {
        var clients = Enumerable.Range(0, MostConnections).Select(_ => _authority.Client(_node.Port, null)).ToList();
        try
        {
            foreach (var client in clients)
            {
                // Each keeps its connection.
                Assert.Equal(HttpStatusCode.OK, (await client.GetAsync(new Uri("/healthz", UriKind.Relative), TestNode.Timeout)).StatusCode);
            }

            using var late = _authority.Client(_node.Port, null);
            await Assert.ThrowsAsync<HttpRequestException>(() => late.GetAsync(new Uri("/healthz", UriKind.Relative), TestNode.Timeout));
            Assert.Equal(HttpStatusCode.OK, (await clients[0].GetAsync(new Uri("/healthz", UriKind.Relative), TestNode.Timeout)).StatusCode);
        }
        finally
        {
            clients.ForEach(client => client.Dispose());
        }
    }

    private HttpClient Allowed() => _authority.Client(_node.Port, _authority.Issue("CN=kube-apiserver-kubelet-client"));
}
