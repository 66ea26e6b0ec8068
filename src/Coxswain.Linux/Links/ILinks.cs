using System.Net;

namespace Coxswain.Linux.Links;

/// <summary>Network devices, addresses and routes of the network namespace of the calling thread, through rtnetlink.</summary>
/// <remarks>Each call is one exchange with the kernel, well under a millisecond, and so synchronous.</remarks>
public interface ILinks
{
    /// <summary>All devices.</summary>
    IReadOnlyList<Link> List();

    /// <summary>The device of that name, or null.</summary>
    Link? Find(string name);

    /// <summary>All addresses (IPv4 and IPv6) of all devices.</summary>
    IReadOnlyList<LinkAddress> ListAddresses();

    /// <summary>All IPv4 routes of the main table.</summary>
    IReadOnlyList<Route> ListRoutes();

    /// <summary>
    /// Sends the changes as one batch. All are tried, in order; the first refusal is thrown after the batch. Not a
    /// transaction.
    /// </summary>
    void Apply(params IReadOnlyList<LinkChange> changes);
}

/// <param name="Kind">bridge, veth, dummy ...; empty for a real device.</param>
/// <param name="MasterIndex">The bridge it is a port of; 0 for none.</param>
/// <param name="MacAddress">Six bytes for Ethernet, else empty.</param>
public sealed record Link(int Index, string Name, string Kind, bool IsUp, int MasterIndex, int Mtu, string MacAddress)
{
    /// <summary>What whoever made it wrote on it; empty when nothing.</summary>
    public string Alias { get; init; } = "";
}

public sealed record LinkAddress(int LinkIndex, IPAddress Address, int PrefixLength);

/// <param name="LinkIndex">The device it leaves by; 0 for blackhole, unreachable and the like.</param>
public sealed record Route(IPNetwork Destination, IPAddress? Gateway, int LinkIndex, RouteType Type, int Metric);

/// <summary>Kernel values of rtm_type.</summary>
public enum RouteType
{
    Unicast = 1,
    Local = 2,
    Broadcast = 3,
    Blackhole = 6,
    Unreachable = 7,
    Prohibit = 8,
}
