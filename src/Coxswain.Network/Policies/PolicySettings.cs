using System.Net;

namespace Coxswain.Network.Policies;

/// <summary>Where NetworkPolicies are enforced on this node.</summary>
public sealed record PolicySettings
{
    /// <summary>The device that pods are behind.</summary>
    public string BridgeName { get; init; } = "cox0";

    /// <summary>
    /// The address of cluster DNS on this node. To policies it is a Pod of <c>kube-system</c> with the labels and ports that the
    /// Pods of a DNS server have elsewhere, as they are written for such; null when DNS is a Pod.
    /// </summary>
    public IPAddress? DnsAddress { get; init; }

    /// <summary>Whose pods are policed; empty when there is only one node.</summary>
    public string NodeName { get; init; } = "";
}
