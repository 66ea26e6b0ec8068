using System.Net;
using Coxswain.Api.Core.V1;
using Coxswain.ApiServer;
using Coxswain.ApiServer.Certificates;
using Coxswain.Client;
using Coxswain.Client.Events;
using Coxswain.Client.Informers;
using Coxswain.Controllers;
using Coxswain.Controllers.Management;
using Coxswain.Engine.Hosting;
using Coxswain.Linux.Conntrack;
using Coxswain.Linux.Links;
using Coxswain.Linux.Mounts;
using Coxswain.Linux.Nftables;
using Coxswain.Linux.Processes;
using Coxswain.Network.Dns;
using Coxswain.Network.Ingresses;
using Coxswain.Network.LoadBalancers;
using Coxswain.Network.Policies;
using Coxswain.Network.Proxy;
using Coxswain.Node;
using Coxswain.Node.Options;
using Microsoft.Extensions.Logging;
using V1Node = Coxswain.Api.Core.V1.Node;

namespace Coxswain.Hosting;

/// <summary>
/// Everything that stands around the API server and speaks with it only through a client: controllers, scheduler,
/// Service proxy, DNS and the node agent.
/// </summary>
internal sealed class ClusterParts : IAsyncDisposable
{
    private const int DnsPort = 53;

    private readonly KernelEvents _events = new();
    private readonly TableWatch _tableWatch;
    private readonly TableWatch _policyWatch;
    private readonly ConntrackTable _conntrack = new();
    private readonly InformerFactory _informers;
    private readonly InformerFactory _proxyInformers;
    private readonly InformerFactory _nodeInformers;
    private readonly InformerFactory _dnsInformers;
    private readonly InformerFactory _policyInformers;
    private readonly ControllerManager _controllers;
    private readonly ServiceProxy _proxy;
    private readonly PolicyEnforcer _policies;
    private readonly InformerFactory _balancerInformers;
    private readonly EventBroadcaster _balancerEvents;
    private readonly LoadBalancerController _balancers;
    private readonly InformerFactory _ingressInformers;
    private readonly EventBroadcaster _ingressEvents;
    private readonly IngressController _ingresses;
    private readonly ClusterDns _dns;
    private readonly DnsServiceKeeper _dnsService;
    private readonly NodeAgent _node;
    private readonly IKubeClient _administrator;
    private readonly string _nodeName;
    private readonly string _bridge;
    private readonly IPAddress _dnsAddress;
    private readonly TaskCompletionSource _nodeReady = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public ClusterParts(
        ClusterPaths paths, ClusterConfiguration configuration, ContainerEngine engine, ImageEngine images, ApiServerHost api, ClusterPki pki,
        TimeProvider time, Random random, ILoggerFactory loggers)
    {
        _informers = new InformerFactory(api.ClientFor(ClusterUsers.ControllerManager), time, random, loggers);
        _proxyInformers = new InformerFactory(api.ClientFor(ClusterUsers.Proxy), time, random, loggers);
        _nodeInformers = new InformerFactory(api.ClientFor(ClusterUsers.Node(configuration.NodeName)), time, random, loggers);
        _dnsInformers = new InformerFactory(api.ClientFor(ClusterUsers.Dns), time, random, loggers);
        _policyInformers = new InformerFactory(api.ClientFor(ClusterUsers.Policies), time, random, loggers);
        _controllers = new ControllerManager(
            new InProcessClients(api), api.Discovery, _informers, time, random, loggers,
            new ControllerOptions
            {
                RootCertificates = api.CertificateAuthorityPem,
                VolumeFolders = new VolumeFolders(paths.Volumes),
            });
        _tableWatch = new TableWatch(_events, configuration.Table);
        _proxy = new ServiceProxy(
            new ServiceProxySettings
            {
                BridgeName = configuration.Bridge,
                ServiceCidr = IPNetwork.Parse(configuration.ServiceCidr),
                NodePortAddresses = [IPAddress.Loopback, configuration.NodeAddress],
                LoadBalancerPool = configuration.Balancers,
                NodePorts = [DnsPort, configuration.ApiPort, new NodeServerOptions().Port],
            },
            _proxyInformers, new NftCommand(engine.Processes, configuration.Table), _tableWatch, _conntrack,
            time, loggers, _nodeInformers.Of<Pod>(new InformerOptions(FieldSelector: $"spec.nodeName={configuration.NodeName}")));
        var dnsOptions = new ClusterDnsOptions
        {
            Listen = new IPEndPoint(IPAddress.Parse(configuration.DnsAddress), DnsPort),
            HostAddress = configuration.NodeAddress,
            ClusterNetworks = [IPNetwork.Parse(configuration.PodCidr), IPNetwork.Parse(configuration.ServiceCidr)],
        };
        _policyWatch = new TableWatch(_events, configuration.PolicyTable);
        _policies = new PolicyEnforcer(
            new PolicySettings { BridgeName = configuration.Bridge, DnsAddress = dnsOptions.Listen.Address },
            _policyInformers, new NftCommand(engine.Processes, configuration.PolicyTable), _policyWatch, time, loggers);
        _balancerInformers = new InformerFactory(api.ClientFor(ClusterUsers.LoadBalancers), time, random, loggers);
        _balancerEvents = new EventBroadcaster(api.ClientFor(ClusterUsers.LoadBalancers), time, loggers.CreateLogger<EventBroadcaster>());
        _balancers = new LoadBalancerController(
            new LoadBalancerSettings { Pool = configuration.Balancers }, api.ClientFor(ClusterUsers.LoadBalancers), _balancerInformers, _balancerEvents, time,
            loggers);
        _ingressInformers = new InformerFactory(api.ClientFor(ClusterUsers.Ingresses), time, random, loggers);
        _ingressEvents = new EventBroadcaster(api.ClientFor(ClusterUsers.Ingresses), time, loggers.CreateLogger<EventBroadcaster>());
        _ingresses = new IngressController(
            new IngressSettings { Folder = paths.Ingress, Address = configuration.NodeAddress, Resolver = dnsOptions.Listen.Address },
            api.ClientFor(ClusterUsers.Ingresses), _ingressInformers, _ingressEvents, time, loggers);
        _dns = new ClusterDns(dnsOptions, _dnsInformers, time, loggers);
        _dnsService = new DnsServiceKeeper(dnsOptions, api.ClientFor(ClusterUsers.Dns), time, loggers.CreateLogger<DnsServiceKeeper>());
        _administrator = api.ClientFor(ClusterUsers.Administrator);
        _nodeName = configuration.NodeName;
        (_bridge, _dnsAddress) = (configuration.Bridge, dnsOptions.Listen.Address);

        // Heartbeats are kept to the second.
        var now = time.GetUtcNow();
        var started = now.AddTicks(-(now.Ticks % TimeSpan.TicksPerSecond));
        _informers.Of<V1Node>().OnChange((_, node) =>
        {
            if (node is not null && node.Metadata.Name == configuration.NodeName && NodeReadiness.IsReady(node, started))
            {
                _nodeReady.TrySetResult();
            }
        });
        _node = new NodeAgent(
            NodeParts.Options(paths, configuration, pki), api.ClientFor(ClusterUsers.Node(configuration.NodeName)),
            NodeParts.Runtime(paths, engine, images, _policies), new KernelMounts(), time, random, loggers, new ProxiedTraffic(_proxy, _ingresses));
    }

    /// <summary>Runs every part until cancelled; when one fails all are stopped and its exception is thrown.</summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        GiveAddress(_bridge, _dnsAddress);
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        Task[] parts =
        [
            _informers.RunAsync(stop.Token),
            _proxyInformers.RunAsync(stop.Token),
            _nodeInformers.RunAsync(stop.Token),
            _dnsInformers.RunAsync(stop.Token),
            _policyInformers.RunAsync(stop.Token),
            _controllers.RunAsync(stop.Token),
            _proxy.RunAsync(stop.Token),
            _policies.RunAsync(stop.Token),
            _ingressInformers.RunAsync(stop.Token),
            _ingressEvents.RunAsync(stop.Token),
            _ingresses.RunAsync(stop.Token),
            _balancerInformers.RunAsync(stop.Token),
            _balancerEvents.RunAsync(stop.Token),
            _balancers.RunAsync(stop.Token),
            _dns.RunAsync(stop.Token),
            _node.RunAsync(stop.Token),
        ];
        var first = await Task.WhenAny(parts);
        await stop.CancelAsync();
        await Task.WhenAll(parts).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await first;
    }

    /// <summary>Completes when Services and names are served and the node is Ready.</summary>
    public Task WaitUntilReadyAsync(CancellationToken cancellationToken) =>
        Task.WhenAll(
            _dnsService.EnsureAsync(cancellationToken), _proxy.Ready.WaitAsync(cancellationToken),
            _policies.Ready.WaitAsync(cancellationToken), _dns.Ready.WaitAsync(cancellationToken),
            MarkControlPlaneAsync(cancellationToken));

    /// <summary>A node may not give itself a role: an administrator does, as kubeadm does.</summary>
    private async Task MarkControlPlaneAsync(CancellationToken cancellationToken)
    {
        await _nodeReady.Task.WaitAsync(cancellationToken);
        var patch = """{"metadata":{"labels":{"node-role.kubernetes.io/control-plane":""}}}"""u8.ToArray();
        await _administrator.PatchAsync<V1Node>(null, _nodeName, new KubePatch(PatchType.Merge, patch), cancellationToken);
    }

    public ValueTask DisposeAsync()
    {
        _dns.Dispose();
        _proxy.Dispose();
        _policies.Dispose();
        _policyWatch.Dispose();
        _tableWatch.Dispose();
        _conntrack.Dispose();
        _events.Dispose();
        _proxyInformers.Dispose();
        _nodeInformers.Dispose();
        _dnsInformers.Dispose();
        _policyInformers.Dispose();
        _ingresses.Dispose();
        _ingressInformers.Dispose();
        _balancers.Dispose();
        _balancerInformers.Dispose();
        _informers.Dispose();
        return ValueTask.CompletedTask;
    }

    /// <summary>DNS is served at its Service's own address, on the device that all of the cluster's traffic passes.</summary>
    private static void GiveAddress(string bridge, IPAddress address)
    {
        var links = new RtnetlinkLinks();
        var link = links.Find(bridge) ?? throw new CommandFailure($"the bridge {bridge} is not there");
        links.Apply(new AddAddress(link.Index, address, 32));
    }
}
