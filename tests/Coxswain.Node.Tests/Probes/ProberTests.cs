using System.Net;
using System.Net.Sockets;
using Coxswain.Api.Core.V1;
using Coxswain.Api.Scalars;
using Coxswain.Node.Probes;
using Coxswain.Node.Tests.Agent;
using Coxswain.Testing.Time;

namespace Coxswain.Node.Tests.Probes;

public sealed class ProberTests : IDisposable
{
    private readonly VirtualTime _time = new();
    private readonly Prober _prober;

    public ProberTests() => _prober = new Prober(null!, _time); // Only exec probes ask the runtime.

    public void Dispose() => _prober.Dispose();

    [Theory]
    [InlineData(200, true)]
    [InlineData(204, true)]
    [InlineData(400, false)]
    [InlineData(404, false)]
    [InlineData(503, false)]
    public async Task HttpGet_StatusCode_Decides(int code, bool success)
    {
        await using var server = new HttpStub(code);
        var result = await ProbeAsync(Get(server.Port));
        Assert.Equal(success ? ProbeResult.Success : ProbeResult.Failure($"HTTP probe failed with statuscode: {code}"), result);
    }

    [Theory]
    [InlineData(302, "http://elsewhere.invalid/")]
    [InlineData(302, "")]
    [InlineData(399, "/next")]
    public async Task HttpGet_RedirectThatIsNotFollowed_SucceedsWithAWarning(int code, string location)
    {
        await using var server = new HttpStub(code) { Location = location };
        Assert.Equal(ProbeResult.Warning("Probe terminated redirects"), await ProbeAsync(Get(server.Port)));
    }

    [Theory]
    [InlineData(200, true)]
    [InlineData(500, false)]
    public async Task HttpGet_RedirectOnTheSameHost_IsFollowed(int code, bool success)
    {
        await using var end = new HttpStub(code);
        await using var server = new HttpStub(302) { Location = $"http://127.0.0.1:{end.Port}/next" };
        Assert.Equal(success ? ProbeOutcome.Success : ProbeOutcome.Failure, (await ProbeAsync(Get(server.Port))).Outcome);
        Assert.StartsWith("GET /next ", Assert.Single(end.Requests), StringComparison.Ordinal);
    }

    [Fact]
    public async Task HttpGet_RedirectInACircle_FailsAfterTen()
    {
        await using var server = new HttpStub(307) { Location = "/again" };
        Assert.EndsWith("stopped after 10 redirects", (await ProbeAsync(Get(server.Port))).Message, StringComparison.Ordinal);
        Assert.Equal(11, server.Requests.Count);
    }

    [Fact]
    public async Task HttpGet_ContentTypeHeader_IsSent()
    {
        await using var server = new HttpStub(200);
        var probe = Get(server.Port);
        var result = await ProbeAsync(probe with
        {
            HttpGet = probe.HttpGet! with { HttpHeaders = [new HTTPHeader { Name = "Content-Type", Value = "application/json" }] }, // Made with one.
        });
        Assert.Equal(ProbeResult.Success, result);
        Assert.Contains("Content-Type: application/json\n", Assert.Single(server.Requests), StringComparison.Ordinal);
    }

    [Fact]
    public async Task HttpGet_NamedPort_IsTheContainers()
    {
        await using var server = new HttpStub(200);
        var target = Target(new ContainerPort { Name = "web", ContainerPortValue = server.Port });
        Assert.Equal(ProbeOutcome.Success, (await ProbeAsync(Get("web"), target)).Outcome);
        Assert.Equal(ProbeResult.Failure("couldn't find port: admin"), await ProbeAsync(Get("admin"), target));
    }

    [Fact]
    public async Task HttpGet_Headers_AreSentAsGiven()
    {
        await using var server = new HttpStub(200);
        var probe = Get(server.Port);
        await ProbeAsync(probe with
        {
            HttpGet = probe.HttpGet! with
            {
                Path = "/live?deep=1",
                HttpHeaders = [new HTTPHeader { Name = "Host", Value = "shop.example" }, new HTTPHeader { Name = "X-Probe", Value = "a" }, new HTTPHeader { Name = "User-Agent", Value = "mine" }],
            },
        });
        var request = Assert.Single(server.Requests);
        Assert.StartsWith("GET /live?deep=1 HTTP/1.1\n", request, StringComparison.Ordinal);
        Assert.Contains("\nHost: shop.example\n", request, StringComparison.Ordinal);
        Assert.Contains("\nX-Probe: a\n", request, StringComparison.Ordinal);
        Assert.Contains("\nUser-Agent: mine\n", request, StringComparison.Ordinal);
        Assert.DoesNotContain("kube-probe", request, StringComparison.Ordinal);
    }

    [Fact]
    public async Task HttpGet_NoAnswer_FailsWhenTheTimeIsUp()
    {
        await using var server = new HttpStub(0);
        var probing = ProbeAsync(Get(server.Port) with { TimeoutSeconds = 3 });
        await _time.ArmedAsync(TimeSpan.FromSeconds(3), TestNode.Timeout);
        _time.Advance(TimeSpan.FromSeconds(3));
        Assert.Equal(
            $"Get \"http://127.0.0.1:{server.Port}/\": context deadline exceeded (Client.Timeout exceeded while awaiting headers)", (await probing).Message);
    }

    [Fact]
    public async Task HttpGet_NothingListens_IsRefused()
    {
        var port = FreePort();
        var result = await ProbeAsync(Get(port));
        Assert.Equal(new ProbeResult(ProbeOutcome.Refused, $"Get \"http://127.0.0.1:{port}/\": dial tcp 127.0.0.1:{port}: connect: connection refused"), result);
    }

    [Fact]
    public async Task HttpGet_ImpossibleHost_Fails() =>
        Assert.Equal(
            ProbeResult.Failure("parse \"http://not a host:80/\": invalid URL"),
            await ProbeAsync(new Probe { HttpGet = new HTTPGetAction { Host = "not a host", Port = 80 } }));

    [Fact]
    public async Task TcpSocket_Listening_Succeeds()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        Assert.Equal(ProbeResult.Success, await ProbeAsync(Connect(((IPEndPoint)listener.LocalEndpoint).Port)));
    }

    [Fact]
    public async Task TcpSocket_NothingListens_IsRefused()
    {
        var port = FreePort();
        Assert.Equal(new ProbeResult(ProbeOutcome.Refused, $"dial tcp 127.0.0.1:{port}: connect: connection refused"), await ProbeAsync(Connect(port)));
    }

    [Fact]
    public async Task Grpc_AnswerWithoutEnd_FailsAndIsNotKept()
    {
        const long far = 64 * 1024 * 1024;
        await using var server = new EndlessGrpcStub();
        await server.StartAsync(TestNode.Timeout);
        var result = await ProbeAsync(new Probe { Grpc = new GRPCAction { Port = server.Port } });
        Assert.Equal(ProbeOutcome.Failure, result.Outcome);
        Assert.Contains("failed to call service", result.Message, StringComparison.Ordinal);
        Assert.InRange(server.Written, 1, far);
    }

    private Task<ProbeResult> ProbeAsync(Probe probe, ProbeTarget? target = null) => _prober.ProbeAsync(probe, target ?? Target(), TestNode.Timeout);

    private static ProbeTarget Target(params ContainerPort[] ports) => new("id", "127.0.0.1", new Container { Name = "web", Ports = ports });

    private static Probe Get(IntOrString port) => new() { HttpGet = new HTTPGetAction { Port = port } };

    private static Probe Connect(IntOrString port) => new() { TcpSocket = new TCPSocketAction { Port = port } };

    /// <summary>A port that was free a moment ago.</summary>
    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }
}
