using System.Net.Sockets;
using Coxswain.Api;
using Coxswain.Api.Core.V1;
using Coxswain.Api.Discovery.V1;
using Coxswain.Api.Meta.V1;
using Coxswain.Client;
using Coxswain.Client.Informers;
using Coxswain.Linux.Conntrack;
using Coxswain.Linux.Nftables;
using Coxswain.Linux.Processes;
using Coxswain.Network.Proxy;
using Coxswain.Network.Tests.Lab;
using Coxswain.Testing.Cluster;
using Microsoft.Extensions.Logging.Abstractions;

namespace Coxswain.Network.Tests.Proxy;

/// <summary>The proxy's rules with real packets between a node and two pods.</summary>
public sealed class ServiceProxyTests : IAsyncLifetime
{
    private const string Pod2 = "10.244.0.2";
    private const string Pod3 = "10.244.0.3";

    private readonly NetworkLab _lab = new();
    private TestApiServer _server = null!;
    private TableWatch _watch = null!;
    private ConntrackTable _conntrack = null!;
    private readonly CancellationTokenSource _stop = new();
    private InformerFactory _informers = null!;
    private ServiceProxy _proxy = null!;
    private NftCommand _nftables = null!;
    private Task _running = Task.CompletedTask;

    public async Task InitializeAsync()
    {
        await _lab.InitializeAsync();
        await _lab.AddPodAsync(Pod2);
        await _lab.AddPodAsync(Pod3);
        await _lab.ServeAsync(Pod2, 8080);
        await _lab.ServeAsync(Pod3, 8080);
        _nftables = new NftCommand(_lab.Node, "coxswain");
        _server = await TestApiServer.StartAsync(TimeProvider.System);
        _watch = await _lab.InNodeAsync(() => new TableWatch(NetworkLab.Events, "coxswain"));
        _conntrack = await _lab.InNodeAsync(() => new ConntrackTable());
        _informers = new InformerFactory(_server.Admin, TimeProvider.System, new Random(1), NullLoggerFactory.Instance);
        _proxy = new ServiceProxy(
            new ServiceProxySettings { HoldsLoopbackPorts = false }, _informers, _nftables, _watch, _conntrack, TimeProvider.System,
            NullLoggerFactory.Instance, _informers.Of<Pod>());
    }

    public async Task DisposeAsync()
    {
        await _stop.CancelAsync();
        await _running;
        _proxy.Dispose();
        _informers.Dispose();
        _watch.Dispose();
        _conntrack.Dispose();
        await _server.DisposeAsync();
        await _lab.DisposeAsync();
    }

    [RootFact]
    public async Task ClusterIP_FromPodAndNode_ReachesEveryEndpointAndReplies()
    {
        await RunAsync(Services.Of("web", "10.96.0.80", Services.Port(80)), Services.Slice("web", 8080, Pod2, Pod3));

        foreach (var client in (string[])["node", Pod2, Pod3])
        {
            Assert.Equal([Pod2, Pod3], await ServersAsync(client, "10.96.0.80", 80));
        }
    }

    [RootFact]
    public async Task ClusterIP_EndpointIsThePodItself_IsReached()
    {
        await RunAsync(Services.Of("web", "10.96.0.80", Services.Port(80)), Services.Slice("web", 8080, Pod2));

        var answer = await _lab.AskAsync(Pod2, "10.96.0.80", 80);

        Assert.Equal(Pod2, answer.Server);
        Assert.Equal(NetworkLab.NodeAddress, answer.Client);
        Assert.Equal(Pod3, (await _lab.AskAsync(Pod3, "10.96.0.80", 80)).Client);
    }

    [RootFact]
    public async Task NodePort_OnNodeAddressAndLocalhost_IsReached()
    {
        var service = Services.Of("web", "10.96.0.80", Services.Port(80, nodePort: 30080)).AsNodePort();
        await RunAsync(service, Services.Slice("web", 8080, Pod3));

        Assert.Equal(Pod3, (await _lab.AskAsync("node", "127.0.0.1", 30080)).Server);
        Assert.Equal(Pod3, (await _lab.AskAsync("node", NetworkLab.NodeAddress, 30080)).Server);
        Assert.Equal(Pod3, (await _lab.AskAsync(Pod2, NetworkLab.NodeAddress, 30080)).Server);
    }

    [RootFact]
    public async Task HostPort_WhileItsPodRuns_LeadsThere()
    {
        await RunAsync(Services.Of("web", "10.96.0.80", Services.Port(80)), Services.Slice("web", 8080, Pod2));
        await _server.Admin.CreateAsync(
            ServiceAccount.Empty with { Metadata = ObjectMeta.Empty with { Namespace = "default", Name = "default" } }, CancellationToken.None);
        var container = new Container
        {
            Name = "web", Image = "web",
            Ports =
            [
                new ContainerPort { ContainerPortValue = 8080, HostPort = 9090 },
                new ContainerPort { ContainerPortValue = 8080, HostPort = 9091, HostIP = "127.0.0.1" },
            ],
        };
        var pod = await _server.Admin.CreateAsync(
            Pod.Empty with
            {
                Metadata = ObjectMeta.Empty with { Namespace = "default", Name = "web" },
                Spec = PodSpec.Empty with { Containers = [container], NodeName = "node" },
            },
            CancellationToken.None);
        pod = await StatusAsync(pod, PodPhase.Running);

        Assert.Equal(Pod3, (await _lab.AskAsync("node", NetworkLab.NodeAddress, 9090)).Server);
        Assert.Equal(Pod3, (await _lab.AskAsync("node", "127.0.0.1", 9090)).Server);
        Assert.Equal(Pod3, (await _lab.AskAsync(Pod2, NetworkLab.NodeAddress, 9090)).Server);
        Assert.Equal(Pod3, (await _lab.AskAsync("node", "127.0.0.1", 9091)).Server);
        var elements = await _nftables.ListAsync(CancellationToken.None);
        Assert.Contains(". 9090", elements, StringComparison.Ordinal);
        Assert.DoesNotContain($"{NetworkLab.NodeAddress} . tcp . 9091", elements, StringComparison.Ordinal);

        await StatusAsync(pod, PodPhase.Succeeded);
        Assert.DoesNotContain(". 9090", await _nftables.ListAsync(CancellationToken.None), StringComparison.Ordinal);
    }

    [RootFact]
    public async Task Udp_ClusterIP_IsReached()
    {
        await _lab.ServeAsync(Pod3, 5353, ProtocolType.Udp);
        await RunAsync(
            Services.Of("dns", "10.96.0.53", Services.Port(53, Protocol.UDP)),
            Services.Slice("dns", 5353, Protocol.UDP, [Services.Ready(Pod3)]));

        Assert.Equal(Pod3, (await _lab.AskAsync(Pod2, "10.96.0.53", 53, ProtocolType.Udp)).Server);
    }

    [RootFact]
    public async Task Endpoint_LeavesAndComesBack_GetsConnectionsOnlyMeanwhileThere()
    {
        var slice = await RunAsync(Services.Of("web", "10.96.0.80", Services.Port(80)), Services.Slice("web", 8080, Pod2, Pod3));

        slice = await ApplyAsync(slice with { Endpoints = [Services.Ready(Pod3), Services.Ready(Pod2, ready: false)] });
        Assert.Equal([Pod3], await ServersAsync("node", "10.96.0.80", 80));

        await ApplyAsync(slice with { Endpoints = [Services.Ready(Pod2), Services.Ready(Pod3)] });
        Assert.Equal([Pod2, Pod3], await ServersAsync("node", "10.96.0.80", 80));
    }

    [RootFact]
    public async Task Service_NoEndpoints_RefusesAtOnce()
    {
        await RunAsync(Services.Of("web", "10.96.0.80", Services.Port(80)), Services.Slice("web", 8080));

        foreach (var client in (string[])["node", Pod2])
        {
            var refused = await Assert.ThrowsAsync<SocketException>(() => _lab.AskAsync(client, "10.96.0.80", 80));
            Assert.Equal(SocketError.ConnectionRefused, refused.SocketErrorCode);
        }

        // The node's own datagrams fail in sendmsg already, with EPERM.
        var unreachable = await Assert.ThrowsAsync<SocketException>(() => _lab.AskAsync(Pod2, "10.96.0.80", 53, ProtocolType.Udp));
        Assert.Equal(SocketError.ConnectionRefused, unreachable.SocketErrorCode);
    }

    [RootFact]
    public async Task Affinity_ClientIP_StaysUntilItsEndpointIsGone()
    {
        var slice = await RunAsync(
            Services.Of("web", "10.96.0.80", Services.Port(80)).WithAffinity(600), Services.Slice("web", 8080, Pod2, Pod3));

        var first = Assert.Single(await ServersAsync(Pod2, "10.96.0.80", 80));
        var other = first == Pod2 ? Pod3 : Pod2;
        await ApplyAsync(slice with { Endpoints = [Services.Ready(other)] });
        Assert.Equal([other], await ServersAsync(Pod2, "10.96.0.80", 80));

        await ApplyAsync(slice with { Endpoints = [Services.Ready(other), Services.Ready(first)] });
        Assert.Equal([other], await ServersAsync(Pod2, "10.96.0.80", 80));
    }

    [RootFact]
    public async Task Udp_EndpointReplaced_ClientThatKeepsSendingReachesTheNewOne()
    {
        await _lab.ServeAsync(Pod2, 5353, ProtocolType.Udp);
        await _lab.ServeAsync(Pod3, 5353, ProtocolType.Udp);
        var slice = await RunAsync(
            Services.Of("dns", "10.96.0.53", Services.Port(53, Protocol.UDP)),
            Services.Slice("dns", 5353, Protocol.UDP, [Services.Ready(Pod2)]));
        using var client = await _lab.ConnectAsync("node", "10.96.0.53", 53, ProtocolType.Udp);
        Assert.Equal(Pod2, (await NetworkLab.AskAsync(client)).Server);

        await ApplyAsync(slice with { Endpoints = [Services.Ready(Pod3)] });

        Assert.Equal(Pod3, (await NetworkLab.AskAsync(client)).Server);
    }

    [RootTheory]
    [InlineData("delete table inet coxswain")]
    [InlineData("flush table inet coxswain")]
    [InlineData("flush ruleset")]
    [InlineData("flush chain inet coxswain proxy-pick-2")]
    public async Task Rules_TakenAwayFromOutside_ComeBackWithoutAnotherChange(string command)
    {
        await RunAsync(Services.Of("web", "10.96.0.80", Services.Port(80)), Services.Slice("web", 8080, Pod2, Pod3));
        // In the lab's own network namespace.
        await _lab.Node.RunAsync(new ProcessSpec("nft", command.Split(' ')), default);

        await _proxy.WaitUntilRemadeAsync(1, default).WaitAsync(TimeSpan.FromSeconds(30));
        Assert.Equal([Pod2, Pod3], await ServersAsync("node", "10.96.0.80", 80));
    }

    [RootFact]
    public async Task Table_LostOrLeftOverByAnotherRun_IsMadeAnew()
    {
        var slice = await RunAsync(Services.Of("web", "10.96.0.80", Services.Port(80)), Services.Slice("web", 8080, Pod2, Pod3));
        await _nftables.DeleteTableAsync(default);
        await _nftables.ApplyAsync(
            """
            table inet coxswain {
              map proxy-services { type ipv4_addr : verdict; elements = { 1.2.3.4 : goto proxy-pick-9 }; }
              chain proxy-pick-9 { drop; }
              chain others { ip daddr vmap @proxy-services; }
              chain proxy-old { type nat hook prerouting priority dstnat; ip daddr vmap @proxy-services; }
            }
            flush chain inet coxswain others
            """,
            default);

        await ApplyAsync(slice with { Endpoints = [Services.Ready(Pod3)] });

        Assert.Equal([Pod3], await ServersAsync("node", "10.96.0.80", 80));
        Assert.DoesNotContain("proxy-old", await _nftables.ListAsync(default));
    }

    [RootFact]
    public async Task RemoveAsync_RulesOfOthersInTheTable_LeavesOnlyThose()
    {
        await _nftables.ApplyAsync("add table inet coxswain\nadd chain inet coxswain others\n", default);
        await RunAsync(Services.Of("web", "10.96.0.80", Services.Port(80)).WithAffinity(60), Services.Slice("web", 8080, Pod2));
        Assert.Contains("proxy-stay-1", await _nftables.ListAsync(default));

        await _proxy.RemoveAsync(default);

        var listing = await _nftables.ListAsync(default);
        Assert.DoesNotContain("proxy-", listing);
        Assert.Contains("chain others", listing);
    }

    [RootFact]
    public async Task Difference_ManyChainsNothingLeadsTo_AreRemoved()
    {
        var planner = new ServicePlanner(new ServiceProxySettings());
        var script = new RuleScript("coxswain", new ServiceProxySettings());
        var ledger = new ElementLedger();
        var plan = ServicePlan.Empty;
        for (var i = 1; i <= RuleScript.MostUnused + 2; i++)
        {
            var service = Services.Of("web", "10.96.0.80", Services.Port(80)).WithAffinity(i);
            var next = planner.Plan(service, [Services.Slice("web", 8080, i % 2 == 0 ? [Pod2] : [Pod2, Pod3])], plan);
            ledger.Replace(new("default", "web"), plan.Elements, next.Elements);
            plan = next;
            var changes = ledger.Changes();
            await _nftables.ApplyAsync(i == 1 ? script.Full(RuleListing.Parse(""), changes) : script.Difference(changes), default);
            ledger.Commit(changes);
        }

        var listing = RuleListing.Parse(await _nftables.ListAsync(default));
        Assert.True(script.IsWhole(listing));
        Assert.InRange(listing.Chains.Count(chain => RuleNames.TryParse(chain, out var kind, out _) && kind == RuleChainKind.Learn), 1, RuleScript.MostUnused);
        Assert.Contains(RuleNames.Learn(RuleScript.MostUnused + 2), listing.Chains);
    }

    private async Task<Pod> StatusAsync(Pod pod, string phase)
    {
        var changed = await _server.Admin.UpdateStatusAsync(
            pod with { Status = pod.Status with { Phase = phase, PodIP = Pod3, PodIPs = [new PodIP { Ip = Pod3 }] } }, CancellationToken.None);
        await DeliveredAsync<Pod>(changed.Metadata.ResourceVersion);
        return changed;
    }

    private async Task<EndpointSlice> RunAsync(Service service, EndpointSlice slice)
    {
        await _server.Admin.CreateAsync(service, default);
        var created = await _server.Admin.CreateAsync(slice, default);
        _running = Task.WhenAll(_informers.RunAsync(_stop.Token), _proxy.RunAsync(_stop.Token));
        await _proxy.Ready.WaitAsync(TimeSpan.FromSeconds(30));
        return created;
    }

    private async Task<EndpointSlice> ApplyAsync(EndpointSlice slice)
    {
        var known = await _server.Admin.GetAsync<EndpointSlice>(slice.Metadata.Namespace, slice.Metadata.Name, default);
        var updated = await _server.Admin.UpdateAsync(slice with { Metadata = known.Metadata }, default);
        await DeliveredAsync<EndpointSlice>(updated.Metadata.ResourceVersion);
        return updated;
    }

    private async Task DeliveredAsync<T>(string resourceVersion)
        where T : class, IKubeObject<T>
    {
        var delivered = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        _informers.Of<T>().OnChange((_, now) =>
        {
            if (now?.Metadata.ResourceVersion == resourceVersion)
            {
                delivered.TrySetResult();
            }
        });
        await delivered.Task.WaitAsync(TimeSpan.FromSeconds(30));
        await _proxy.WaitUntilAppliedAsync(default).WaitAsync(TimeSpan.FromSeconds(30));
    }

    /// <summary>Who answers in so many connections that one endpoint of two is missed once in a billion runs.</summary>
    private async Task<IReadOnlyList<string>> ServersAsync(string client, string address, int port)
    {
        var servers = new SortedSet<string>(StringComparer.Ordinal);
        for (var i = 0; i < 30; i++)
        {
            servers.Add((await _lab.AskAsync(client, address, port)).Server);
        }

        return [.. servers];
    }
}
