using System.Net;

namespace Coxswain.Network.Proxy;

/// <summary>Where Services are reached on this node.</summary>
public sealed record ServiceProxySettings
{
    /// <summary>The device that pods and the Service CIDR are behind.</summary>
    public string BridgeName { get; init; } = "cox0";

    /// <summary>New connections into it that no Service takes are refused rather than left to time out.</summary>
    public IPNetwork ServiceCidr { get; init; } = IPNetwork.Parse("10.96.0.0/12");

    /// <summary>Where Services of type LoadBalancer have their addresses, also refused where no Service takes them; null for nowhere.</summary>
    public IPNetwork? LoadBalancerPool { get; init; }

    /// <summary>The addresses NodePorts are served on.</summary>
    public IReadOnlyList<IPAddress> NodePortAddresses { get; init; } = [IPAddress.Loopback, IPAddress.Parse("10.244.0.1")];

    /// <summary>The ports of the node's own servers: no Service takes them over.</summary>
    public IReadOnlyList<int> NodePorts { get; init; } = [53, 6443, 10250];

    /// <summary>Serve a NodePort on 127.0.0.1 only where no other program listens, and keep others from listening there.</summary>
    public bool HoldsLoopbackPorts { get; init; } = true;

    /// <summary>Whether new connections to it are refused unless a Service takes them, without an element that says so.</summary>
    internal bool RefusesWhole(IPAddress address) => ServiceCidr.Contains(address) || LoadBalancerPool is { } pool && pool.Contains(address);

    /// <summary>Whose endpoints count as local to traffic policy <c>Local</c>; empty when there is only one node.</summary>
    public string NodeName { get; init; } = "";
}
