using System.Net;

namespace Coxswain.Linux.Links;

/// <summary>One change to devices, addresses or routes; see <see cref="ILinks.Apply"/>.</summary>
public abstract record LinkChange;

/// <summary>Makes a bridge. One of that name already there is left as it is.</summary>
public sealed record AddBridge(string Name, int Mtu = 1500) : LinkChange;

/// <summary>Makes a dummy device. One of that name already there is left as it is.</summary>
public sealed record AddDummy(string Name) : LinkChange;

/// <summary>Makes a veth pair with its far end at once in another network namespace; our end is up.</summary>
/// <param name="Name">Our end.</param>
/// <param name="PeerName">The far end, which gets interface index 2 in its namespace.</param>
/// <param name="PeerNetnsPath">A pinned network namespace.</param>
/// <param name="MasterIndex">The bridge our end becomes a port of; 0 for none.</param>
/// <param name="PeerMacAddress">Empty for a random one.</param>
public sealed record AddVeth(
    string Name, string PeerName, string PeerNetnsPath, int MasterIndex, int Mtu = 1500, string PeerMacAddress = "") : LinkChange;

/// <summary>Index of the far end that <see cref="AddVeth"/> makes, and of <c>lo</c>.</summary>
public static class WellKnownLinks
{
    public const int Loopback = 1;
    public const int SandboxPeer = 2;
}

public sealed record SetUp(int LinkIndex, bool Up = true) : LinkChange;

/// <summary>Renames a device, which must be down.</summary>
public sealed record SetName(int LinkIndex, string Name) : LinkChange;

public sealed record SetMaster(int LinkIndex, int MasterIndex) : LinkChange;

/// <summary>How the bridge treats one of its ports.</summary>
/// <param name="Isolated">It exchanges frames with the bridge itself only, not with other isolated ports.</param>
/// <param name="Hairpin">The bridge may send a frame back by the port it came from.</param>
public sealed record SetBridgePort(string Name, bool Isolated = false, bool Hairpin = false) : LinkChange;

public sealed record SetMac(int LinkIndex, string MacAddress) : LinkChange;

/// <summary>Writes on a device what it is or whose, at most 255 bytes.</summary>
public sealed record SetAlias(string Name, string Alias) : LinkChange;

/// <summary>Deletes a device (of a veth pair: both ends). One that is not there is success.</summary>
public sealed record DeleteLink(string Name) : LinkChange;

/// <summary>Adds an address. The same one already there is success.</summary>
public sealed record AddAddress(int LinkIndex, IPAddress Address, int PrefixLength) : LinkChange;

/// <summary>One that is not there is success.</summary>
public sealed record RemoveAddress(int LinkIndex, IPAddress Address, int PrefixLength) : LinkChange;

/// <summary>Adds a route to the main table or replaces the one with the same destination and metric.</summary>
/// <param name="LinkIndex">0 for routes that go nowhere.</param>
/// <param name="Metric">Of two routes to one destination the lower one is taken.</param>
public sealed record AddRoute(
    IPNetwork Destination, IPAddress? Gateway, int LinkIndex, RouteType Type = RouteType.Unicast, int Metric = 0) : LinkChange;

/// <summary>One that is not there is success.</summary>
public sealed record RemoveRoute(
    IPNetwork Destination, IPAddress? Gateway, int LinkIndex, RouteType Type = RouteType.Unicast, int Metric = 0) : LinkChange;
