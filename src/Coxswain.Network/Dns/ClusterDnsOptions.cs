using System.Net;

namespace Coxswain.Network.Dns;

/// <summary>Where cluster DNS listens and what it answers for.</summary>
public sealed record ClusterDnsOptions
{
    /// <summary>Must be (or become) an address of this node. Port 0 takes a free one, for tests.</summary>
    public IPEndPoint Listen { get; init; } = new(IPAddress.Parse("10.96.0.10"), 53);

    /// <summary>The machine, as pods call it.</summary>
    public const string HostName = "host.coxswain.internal";

    public string Domain { get; init; } = "cluster.local";

    /// <summary>Where <see cref="HostName"/> leads; null for nowhere.</summary>
    public IPAddress? HostAddress { get; init; }

    /// <summary>Reverse names of addresses in here are never asked of others.</summary>
    public IReadOnlyList<IPNetwork> ClusterNetworks { get; init; } = [IPNetwork.Parse("10.244.0.0/16"), IPNetwork.Parse("10.96.0.0/12")];

    /// <summary>Names the servers that everything else is forwarded to.</summary>
    public string ResolvConfPath { get; init; } = "/etc/resolv.conf";

    /// <summary>Instead of those in the file; null for the file.</summary>
    public IReadOnlyList<IPEndPoint>? Upstream { get; init; }

    /// <summary>How long clients may keep our answers, also that a name does not exist.</summary>
    public int TtlSeconds { get; init; } = 5;
}
