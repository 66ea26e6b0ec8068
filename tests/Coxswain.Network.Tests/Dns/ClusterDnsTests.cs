using System.Net;
using System.Net.Sockets;
using Coxswain.Api.Core.V1;
using Coxswain.Client;
using Coxswain.Client.Informers;
using Coxswain.Network.Dns;
using Coxswain.Network.Tests.Proxy;
using Coxswain.Testing.Cluster;
using Microsoft.Extensions.Logging.Abstractions;

namespace Coxswain.Network.Tests.Dns;

/// <summary>The whole server over real sockets, with a nameserver of the test's own behind it.</summary>
public sealed class ClusterDnsTests : IAsyncLifetime
{
    private TestApiServer _api = null!;
    private IKubeClient _client = null!;
    private readonly CancellationTokenSource _stop = new();
    private readonly Socket _upstream = new(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
    private InformerFactory _informers = null!;
    private ClusterDns _dns = null!;
    private IPEndPoint _server = null!;
    private Task _running = Task.CompletedTask;
    private int _upstreamQueries;

    public async Task InitializeAsync()
    {
        _upstream.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        _api = await TestApiServer.StartAsync(TimeProvider.System);
        _client = _api.Admin;
        _informers = new InformerFactory(_client, TimeProvider.System, new Random(1), NullLoggerFactory.Instance);
        var options = new ClusterDnsOptions
        {
            Listen = new IPEndPoint(IPAddress.Loopback, 0),
            HostAddress = IPAddress.Parse("10.244.0.1"),
            Upstream = [(IPEndPoint)_upstream.LocalEndPoint!],
        };
        _dns = new ClusterDns(options, _informers, TimeProvider.System, NullLoggerFactory.Instance);
        await _client.CreateAsync(Services.Of("web", "10.96.0.80", Services.Port(80, name: "http")), default);
        await _client.CreateAsync(Services.Of("db", "None", Services.Port(5432, name: "sql")), default);
        await _client.CreateAsync(
            Services.Slice("db", 5432, Protocol.TCP, [Services.Ready("10.244.0.5", hostname: "db-0"), Services.Ready("10.244.0.6"), Services.Ready("10.244.0.7", ready: false)], "sql"),
            default);
        await _client.CreateAsync(Alias("inside", "web.default.svc.cluster.local"), default);
        await _client.CreateAsync(Alias("outside", "example.com"), default);
        _running = Task.WhenAll(_informers.RunAsync(_stop.Token), _dns.RunAsync(_stop.Token), AnswerUpstreamAsync());
        _server = await _dns.Ready.WaitAsync(TimeSpan.FromSeconds(30));
    }

    public async Task DisposeAsync()
    {
        await _stop.CancelAsync();
        await _running;
        _dns.Dispose();
        _informers.Dispose();
        _upstream.Dispose();
        await _api.DisposeAsync();
    }

    [Theory]
    [InlineData("web.default.svc.cluster.local", "A", "web.default.svc.cluster.local A 10.96.0.80")]
    [InlineData("db-0.db.default.svc.cluster.local", "A", "db-0.db.default.svc.cluster.local A 10.244.0.5")]
    [InlineData("10-244-0-9.default.pod.cluster.local", "A", "10-244-0-9.default.pod.cluster.local A 10.244.0.9")]
    [InlineData("_http._tcp.web.default.svc.cluster.local", "SRV", "_http._tcp.web.default.svc.cluster.local SRV 80 web.default.svc.cluster.local")]
    [InlineData("80.0.96.10.in-addr.arpa", "PTR", "80.0.96.10.in-addr.arpa PTR web.default.svc.cluster.local")]
    [InlineData("5.0.244.10.in-addr.arpa", "PTR", "5.0.244.10.in-addr.arpa PTR db-0.db.default.svc.cluster.local")]
    [InlineData("host.coxswain.internal", "A", "host.coxswain.internal A 10.244.0.1")]
    [InlineData("dns-version.cluster.local", "TXT", "dns-version.cluster.local TXT 1.1.0")]
    [InlineData("outside.default.svc.cluster.local", "CNAME", "outside.default.svc.cluster.local CNAME example.com")]
    public async Task Name_OfOneRecord_IsAnswered(string name, string type, string expected)
    {
        var answer = await AskAsync(name, Enum.Parse<DnsType>(type));

        Assert.Equal(0, answer.Code);
        Assert.Equal(expected, Assert.Single(answer.Answers));
    }

    [Fact]
    public async Task Headless_ReadyEndpoints_AreAnsweredOverBothTransports()
    {
        string[] expected = ["db.default.svc.cluster.local A 10.244.0.5", "db.default.svc.cluster.local A 10.244.0.6"];
        var query = DnsTestClient.Query("db.default.svc.cluster.local", DnsType.A);

        Assert.Equal(expected, (await DnsTestClient.AskAsync(_server, query)).Answers.Order());
        Assert.Equal(expected, (await DnsTestClient.AskTcpAsync(_server, query)).Answers.Order());
    }

    [Fact]
    public async Task Srv_Headless_NamesEndpointsWithTheirAddresses()
    {
        var answer = await AskAsync("_sql._tcp.db.default.svc.cluster.local", DnsType.SRV);

        Assert.Equal(2, answer.Answers.Count);
        Assert.Contains("_sql._tcp.db.default.svc.cluster.local SRV 5432 db-0.db.default.svc.cluster.local", answer.Answers);
        Assert.Contains("db-0.db.default.svc.cluster.local A 10.244.0.5", answer.Additional);
    }

    [Theory]
    [InlineData("web.default.svc.cluster.local", "AAAA", 0)]
    [InlineData("default.svc.cluster.local", "A", 0)]
    [InlineData("_tcp.web.default.svc.cluster.local", "A", 0)]
    [InlineData("nothing.default.svc.cluster.local", "A", 3)]
    [InlineData("example.com.default.svc.cluster.local", "A", 3)]
    [InlineData("a.b.pod.cluster.local", "A", 3)]
    [InlineData("99.0.96.10.in-addr.arpa", "PTR", 3)]
    public async Task Name_WithoutSuchRecord_IsNegativeWithAuthority(string name, string type, int code)
    {
        var answer = await AskAsync(name, Enum.Parse<DnsType>(type));

        Assert.Equal(code, answer.Code);
        Assert.Empty(answer.Answers);
        Assert.Equal([DnsType.SOA], answer.Authority);
        Assert.Equal(0, _upstreamQueries);
    }

    [Fact]
    public async Task Name_InOtherCase_IsFoundAndEchoed()
    {
        var answer = await AskAsync("WeB.Default.svc.CLUSTER.local", DnsType.A);

        Assert.Equal("WeB.Default.svc.CLUSTER.local", answer.Question);
        Assert.Equal("WeB.Default.svc.CLUSTER.local A 10.96.0.80", Assert.Single(answer.Answers));
    }

    [Fact]
    public async Task ExternalName_InsideAndOutside_IsFollowed()
    {
        Assert.Equal(
            ["inside.default.svc.cluster.local CNAME web.default.svc.cluster.local", "web.default.svc.cluster.local A 10.96.0.80"],
            (await AskAsync("inside.default.svc.cluster.local", DnsType.A)).Answers);
        Assert.Equal(
            ["outside.default.svc.cluster.local CNAME example.com", "example.com A 192.0.2.1"],
            (await AskAsync("outside.default.svc.cluster.local", DnsType.A)).Answers);
    }

    [Fact]
    public async Task OtherName_AskedTwice_IsForwardedOnceAndKeepsTheQueriesIds()
    {
        var first = await DnsTestClient.AskAsync(_server, DnsTestClient.Query("example.com", DnsType.A, id: 1));
        var second = await DnsTestClient.AskAsync(_server, DnsTestClient.Query("example.com", DnsType.A, id: 2));

        Assert.Equal("example.com A 192.0.2.1", Assert.Single(first.Answers));
        Assert.Equal(first.Answers, second.Answers);
        Assert.Equal((1, 2), (first.Id, second.Id));
        Assert.Equal(1, _upstreamQueries);
    }

    [Fact]
    public async Task OtherName_NameserverGone_IsServerFailure()
    {
        _upstream.Close();

        Assert.Equal(2, (await AskAsync("example.com", DnsType.A)).Code);
    }

    [Fact]
    public async Task Answer_TooLongForADatagram_IsTruncatedAndWholeOverTcp()
    {
        var endpoints = Enumerable.Range(1, 200).Select(i => Services.Ready($"10.244.1.{i}")).ToList();
        await _client.CreateAsync(Services.Of("many", "None", Services.Port(80)), default);
        await _client.CreateAsync(Services.Slice("many", 80, Protocol.TCP, endpoints), default);
        var query = DnsTestClient.Query("many.default.svc.cluster.local", DnsType.A);
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(30));
        while ((await DnsTestClient.AskTcpAsync(_server, query)).Answers.Count != 200)
        {
            limit.Token.ThrowIfCancellationRequested();
        }

        var plain = await DnsTestClient.AskAsync(_server, query);
        var extended = await DnsTestClient.AskAsync(_server, DnsTestClient.Query("many.default.svc.cluster.local", DnsType.A, edns: 4096));

        Assert.True(plain.IsTruncated);
        Assert.InRange(plain.Answers.Count, 20, 40);
        Assert.False(extended.IsTruncated);
        Assert.Equal(200, extended.Answers.Count);
    }

    [Fact]
    public async Task Garbage_OfManyKinds_LeavesTheServerAnswering()
    {
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
        await socket.ConnectAsync(_server);
        var random = new Random(5);
        var query = DnsTestClient.Query("web.default.svc.cluster.local", DnsType.A, edns: 1232);
        for (var i = 0; i < 2000; i++)
        {
            var garbage = query.ToArray();
            for (var flips = random.Next(1, 8); flips > 0; flips--)
            {
                garbage[random.Next(2, 40)] = (byte)random.Next(256);
            }

            // Not what would be forwarded: only that could be slow.
            if (DnsQuery.Parse(garbage, out _) is not { } parsed || parsed.Name.EndsWith("cluster.local", StringComparison.Ordinal))
            {
                await socket.SendAsync(garbage.AsMemory(0, random.Next(garbage.Length + 1)));
            }
        }

        Assert.Single((await AskAsync("web.default.svc.cluster.local", DnsType.A)).Answers);
    }

    private static Service Alias(string name, string target)
    {
        var service = Services.Of(name, "");
        return service with { Spec = ServiceSpec.Empty with { Type = ServiceType.ExternalName, ExternalName = target } };
    }

    private Task<DnsTestAnswer> AskAsync(string name, DnsType type) => DnsTestClient.AskAsync(_server, DnsTestClient.Query(name, type));

    /// <summary>Answers every query with 192.0.2.1, for a minute.</summary>
    private async Task AnswerUpstreamAsync()
    {
        var buffer = new byte[512];
        while (!_stop.IsCancellationRequested)
        {
            try
            {
                var received = await _upstream.ReceiveFromAsync(buffer, new IPEndPoint(IPAddress.Any, 0), _stop.Token);
                _upstreamQueries++;
                byte[] answer = [.. buffer[..received.ReceivedBytes], 0xC0, 12, 0, 1, 0, 1, 0, 0, 0, 60, 0, 4, 192, 0, 2, 1];
                answer[2] |= 0x80;
                answer[7] = 1;
                await _upstream.SendToAsync(answer, received.RemoteEndPoint, _stop.Token);
            }
            catch (Exception exception) when (exception is OperationCanceledException or SocketException or ObjectDisposedException)
            {
                return;
            }
        }
    }
}
