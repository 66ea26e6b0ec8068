using System.Net;

namespace Coxswain.Engine;

/// <summary>The bridge network of one node.</summary>
public sealed record ContainerNetworkOptions
{
    /// <summary>The bridge's name, at most 10 characters; also the beginning of its ports' names.</summary>
    public string BridgeName { get; init; } = "cox0";

    /// <summary>Addresses of this node; the first is the gateway, on the bridge.</summary>
    public IPNetwork Subnet { get; init; } = IPNetwork.Parse("10.244.0.0/24");

    /// <summary>
    /// Everything that is inside the cluster (pods of all nodes, Services). Never masqueraded, and never let out of the
    /// machine by any device but ours.
    /// </summary>
    public IReadOnlyList<IPNetwork> ClusterNetworks { get; init; } =
        [IPNetwork.Parse("10.244.0.0/16"), IPNetwork.Parse("10.96.0.0/12")];

    /// <summary>Devices besides the bridge by which cluster networks may leave (links between nodes).</summary>
    public IReadOnlyList<string> TrustedLinks { get; init; } = [];

    public int Mtu { get; init; } = 1500;

    /// <summary>For messages: by which option of the command line a range (written as a network) is chosen.</summary>
    public IReadOnlyDictionary<string, string> RangeFlags { get; init; } = new Dictionary<string, string>();
}
