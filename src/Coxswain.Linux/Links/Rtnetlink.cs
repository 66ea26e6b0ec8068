namespace Coxswain.Linux.Links;

/// <summary>Numbers of linux/rtnetlink.h, linux/if_link.h and linux/if_addr.h.</summary>
internal static class Rtnetlink
{
    public const ushort NewLink = 16;
    public const ushort DeleteLink = 17;
    public const ushort GetLink = 18;
    public const ushort SetLink = 19;
    public const ushort NewAddress = 20;
    public const ushort DeleteAddress = 21;
    public const ushort GetAddress = 22;
    public const ushort NewRoute = 24;
    public const ushort DeleteRoute = 25;
    public const ushort GetRoute = 26;

    public const ushort LinkAddress = 1;
    public const ushort LinkName = 3;
    public const ushort LinkMtu = 4;
    public const ushort LinkMaster = 10;
    public const ushort LinkInfo = 18;
    public const ushort LinkAlias = 20;
    public const ushort LinkNetnsFd = 28;
    public const ushort InfoKind = 1;
    public const ushort InfoData = 2;
    public const ushort InfoSlaveKind = 4;
    public const ushort InfoSlaveData = 5;
    public const ushort VethPeer = 1;
    public const ushort BridgePortHairpin = 4;
    public const ushort BridgePortIsolated = 33;
    public const uint FlagUp = 1;

    public const ushort AddressAddress = 1;
    public const ushort AddressLocal = 2;

    public const ushort RouteDestination = 1;
    public const ushort RouteLink = 4;
    public const ushort RouteGateway = 5;
    public const ushort RoutePriority = 6;
    public const byte FamilyIPv4 = 2;
    public const byte FamilyIPv6 = 10;
    public const byte TableMain = 254;
    public const byte ProtocolStatic = 4;
    public const byte ScopeUniverse = 0;
    public const byte ScopeLink = 253;
    public const byte ScopeNowhere = 255;
}
