using System.Diagnostics;
using System.Globalization;
using System.Net;
using Coxswain.Linux.Interop;
using static Coxswain.Linux.Links.Rtnetlink;

namespace Coxswain.Linux.Links;

/// <summary>Turns changes into rtnetlink messages and knows which refusals each of them tolerates.</summary>
internal static class LinkEncoder
{
    private const NetlinkFlags Make = NetlinkFlags.Request | NetlinkFlags.Ack | NetlinkFlags.Create | NetlinkFlags.Exclusive;
    private const NetlinkFlags MakeOrReplace =
        NetlinkFlags.Request | NetlinkFlags.Ack | NetlinkFlags.Create | NetlinkFlags.Replace;

    private const NetlinkFlags Change = NetlinkFlags.Request | NetlinkFlags.Ack;

    /// <param name="openNetns">Opens a pinned namespace; the descriptor stays open until the batch has been sent.</param>
    public static void Encode(LinkChange change, NetlinkMessage message, Func<string, int> openNetns)
    {
        switch (change)
        {
            case AddBridge bridge:
                message.Begin(NewLink, Make).LinkHeader(0, 0, 0)
                    .Attribute(LinkName, bridge.Name).Attribute(LinkMtu, bridge.Mtu)
                    .Nested(LinkInfo, info => info.Attribute(InfoKind, "bridge"));
                break;
            case AddDummy dummy:
                message.Begin(NewLink, Make).LinkHeader(0, 0, 0).Attribute(LinkName, dummy.Name)
                    .Nested(LinkInfo, info => info.Attribute(InfoKind, "dummy"));
                break;
            case AddVeth veth:
                EncodeVeth(veth, message, openNetns(veth.PeerNetnsPath));
                break;
            case SetUp set:
                message.Begin(NewLink, Change).LinkHeader(set.LinkIndex, set.Up ? FlagUp : 0, FlagUp);
                break;
            case SetName set:
                message.Begin(NewLink, Change).LinkHeader(set.LinkIndex, 0, 0).Attribute(LinkName, set.Name);
                break;
            case SetMaster set:
                message.Begin(NewLink, Change).LinkHeader(set.LinkIndex, 0, 0).Attribute(LinkMaster, set.MasterIndex);
                break;
            case SetBridgePort set:
                message.Begin(NewLink, Change).LinkHeader(0, 0, 0).Attribute(LinkName, set.Name)
                    .Nested(LinkInfo, info => info.Attribute(InfoSlaveKind, "bridge")
                        .Nested(InfoSlaveData, data => data
                            .Attribute(BridgePortHairpin, [(byte)(set.Hairpin ? 1 : 0)])
                            .Attribute(BridgePortIsolated, [(byte)(set.Isolated ? 1 : 0)])));
                break;
            case SetMac set:
                message.Begin(NewLink, Change).LinkHeader(set.LinkIndex, 0, 0)
                    .Attribute(Rtnetlink.LinkAddress, MacBytes(set.MacAddress));
                break;
            case SetAlias set:
                message.Begin(NewLink, Change).LinkHeader(0, 0, 0).Attribute(LinkName, set.Name).Attribute(LinkAlias, set.Alias);
                break;
            case DeleteLink delete:
                message.Begin(Rtnetlink.DeleteLink, Change).LinkHeader(0, 0, 0).Attribute(LinkName, delete.Name);
                break;
            case AddAddress add:
                EncodeAddress(message.Begin(NewAddress, Make), add.LinkIndex, add.Address, add.PrefixLength);
                break;
            case RemoveAddress remove:
                EncodeAddress(message.Begin(DeleteAddress, Change), remove.LinkIndex, remove.Address, remove.PrefixLength);
                break;
            case AddRoute route:
                EncodeRoute(
                    message.Begin(NewRoute, MakeOrReplace),
                    new Route(route.Destination, route.Gateway, route.LinkIndex, route.Type, route.Metric));
                break;
            case RemoveRoute route:
                EncodeRoute(
                    message.Begin(DeleteRoute, Change),
                    new Route(route.Destination, route.Gateway, route.LinkIndex, route.Type, route.Metric));
                break;
            default:
                throw new UnreachableException($"link change {change.GetType().Name}");
        }

        message.End();
    }

    /// <summary>Whether the state asked for holds although the kernel said no.</summary>
    public static bool Tolerates(LinkChange change, int errno) => change switch
    {
        AddBridge or AddDummy or AddAddress => errno == LibC.EEXIST,
        DeleteLink => errno == LibC.ENODEV,
        RemoveAddress => errno is LibC.EADDRNOTAVAIL or LibC.ENODEV,
        RemoveRoute => errno is LibC.ESRCH or LibC.ENODEV,
        _ => false,
    };

    private static void EncodeVeth(AddVeth veth, NetlinkMessage message, int netns)
    {
        message.Begin(NewLink, Make).LinkHeader(0, FlagUp, FlagUp)
            .Attribute(LinkName, veth.Name).Attribute(LinkMtu, veth.Mtu);
        if (veth.MasterIndex != 0)
        {
            message.Attribute(LinkMaster, veth.MasterIndex);
        }

        message.Nested(LinkInfo, info => info
            .Attribute(InfoKind, "veth")
            .Nested(InfoData, data => data.Nested(VethPeer, peer => EncodePeer(veth, peer, netns))));
    }

    private static void EncodePeer(AddVeth veth, NetlinkMessage peer, int netns)
    {
        peer.LinkHeader(WellKnownLinks.SandboxPeer, 0, 0)
            .Attribute(LinkName, veth.PeerName)
            .Attribute(LinkMtu, veth.Mtu)
            .Attribute(LinkNetnsFd, netns);
        if (veth.PeerMacAddress.Length > 0)
        {
            peer.Attribute(Rtnetlink.LinkAddress, MacBytes(veth.PeerMacAddress));
        }
    }

    private static void EncodeAddress(NetlinkMessage message, int linkIndex, IPAddress address, int prefixLength)
    {
        var bytes = address.GetAddressBytes();
        var family = bytes.Length == 4 ? FamilyIPv4 : FamilyIPv6;
        message.Raw([family, (byte)prefixLength, 0, ScopeUniverse, .. BitConverter.GetBytes(linkIndex)])
            .Attribute(AddressLocal, bytes).Attribute(AddressAddress, bytes);
    }

    private static void EncodeRoute(NetlinkMessage message, Route route)
    {
        var scope = route.Gateway is not null || route.LinkIndex == 0 ? ScopeUniverse : ScopeLink;
        var prefix = (byte)route.Destination.PrefixLength;
        message.Raw([FamilyIPv4, prefix, 0, 0, TableMain, ProtocolStatic, scope, (byte)route.Type, 0, 0, 0, 0])
            .Attribute(RouteDestination, route.Destination.BaseAddress.GetAddressBytes());
        if (route.Gateway is not null)
        {
            message.Attribute(RouteGateway, route.Gateway.GetAddressBytes());
        }

        if (route.LinkIndex != 0)
        {
            message.Attribute(RouteLink, route.LinkIndex);
        }

        if (route.Metric != 0)
        {
            message.Attribute(RoutePriority, route.Metric);
        }
    }

    private static byte[] MacBytes(string address) => Array.ConvertAll(
        address.Split(':'), part => byte.Parse(part, NumberStyles.HexNumber, CultureInfo.InvariantCulture));
}
