using System.Net;
using Coxswain.ApiServer;
using Coxswain.ApiServer.Authentication;
using Coxswain.ApiServer.Certificates;
using Coxswain.Client;
using Coxswain.Client.Informers;
using Coxswain.Controllers;
using Coxswain.Engine;
using Coxswain.Linux.Links;
using Coxswain.Linux.Nftables;
using Coxswain.Network.Dns;
using Coxswain.Network.Proxy;
using Microsoft.Extensions.Logging;

namespace Coxswain.Hosting;

/// <summary>
/// Everything that stands around the API server and speaks with it only through a client: controllers, scheduler,
/// Service proxy, DNS and the node agent.
/// </summary>
internal sealed class ClusterParts : IDisposable
{
    private readonly InformerFactory _informers;
    private readonly ControllerManager _controllers;
    private readonly ServiceProxy _proxy;
    private readonly ClusterDns _dns;

    public ClusterParts(
        ClusterPaths paths, ClusterConfiguration configuration, ContainerEngine engine, ApiServerHost api, ClusterPki pki,
        TimeProvider time, Random random, ILoggerFactory loggers)
    {
        _informers = new InformerFactory(ClientFor(api, "kube-controller-manager"), time, random, loggers);
        _controllers = new ControllerManager(
            ClientFor(api, "kube-controller-manager"), _informers, time, random, loggers,
            new ControllerOptions { RootCertificates = api.CertificateAuthorityPem });
        _proxy = new ServiceProxy(
            new ServiceProxySettings
            {
                BridgeName = configuration.Bridge,
                ServiceCidr = IPNetwork.Parse(configuration.ServiceCidr),
                NodePortAddresses = [IPAddress.Loopback, configuration.NodeAddress],
            },
            _informers, new NftCommand(engine.Processes, configuration.Table), time, loggers);
        _dns = new ClusterDns(
            new ClusterDnsOptions
            {
                Listen = new IPEndPoint(IPAddress.Parse(configuration.DnsAddress), 53),
                ClusterNetworks = [IPNetwork.Parse(configuration.PodCidr), IPNetwork.Parse(configuration.ServiceCidr)],
            },
            _informers, time, loggers);
    }

    /// <summary>Runs every part until cancelled; when one fails all are stopped and its exception is thrown.</summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        Task[] parts =
        [
            _informers.RunAsync(stop.Token),
            _controllers.RunAsync(stop.Token),
            _proxy.RunAsync(stop.Token),
            _dns.RunAsync(stop.Token),
        ];
        var first = await Task.WhenAny(parts);
        await stop.CancelAsync();
        await Task.WhenAll(parts).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await first;
    }

    /// <summary>Completes when Services and names are served and the node is Ready.</summary>
    public Task WaitUntilReadyAsync(CancellationToken cancellationToken) =>
        Task.WhenAll(_proxy.Ready.WaitAsync(cancellationToken), _dns.Ready.WaitAsync(cancellationToken));

    public void Dispose()
    {
        _dns.Dispose();
        _proxy.Dispose();
        _informers.Dispose();
    }

    /// <summary>Our own parts are masters of the cluster: they run in its one process. Each has a name of its own.</summary>
    private static IKubeClient ClientFor(ApiServerHost api, string name) =>
        api.ClientFor(new User($"system:{name}", [ClusterPki.MastersGroup, User.AuthenticatedGroup]));
}
