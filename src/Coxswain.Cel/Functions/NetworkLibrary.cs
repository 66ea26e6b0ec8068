using System.Net;
using System.Net.Sockets;
using Coxswain.Cel.Types;
using Coxswain.Cel.Values;

namespace Coxswain.Cel.Functions;

/// <summary>IP addresses and ranges of them.</summary>
internal static class NetworkLibrary
{
    private static readonly CelType Ip = CelAddress.AddressType;
    private static readonly CelType Cidr = CelNetwork.NetworkType;

    public static void AddTo(FunctionTable table)
    {
        table.Type(Ip);
        table.Type(Cidr);
        var text = CelType.String;
        table.Function("ip", [text], Ip, static arguments => Parse((string)arguments[0]), Costs.FirstText);
        table.Function("isIP", [text], CelType.Bool, static arguments => CelAddress.Parse((string)arguments[0]) is not null, Costs.FirstText);
        table.Function("ip.isCanonical", [text], CelType.Bool,
            static arguments => Parse((string)arguments[0]) is var address && address is CelError ? address : address.ToString() == (string)arguments[0], Costs.FirstText);
        table.Function("string", [Ip], text, static arguments => arguments[0].ToString()!);
        table.Method("family", [Ip], CelType.Int, static arguments => IsV4(Of(arguments)) ? 4L : 6L);
        table.Method("isUnspecified", [Ip], CelType.Bool, static arguments => Of(arguments).Equals(IPAddress.Any) || Of(arguments).Equals(IPAddress.IPv6Any));
        table.Method("isLoopback", [Ip], CelType.Bool, static arguments => IPAddress.IsLoopback(Of(arguments)));
        table.Method("isLinkLocalMulticast", [Ip], CelType.Bool, static arguments => IsLinkLocalMulticast(Of(arguments)));
        table.Method("isLinkLocalUnicast", [Ip], CelType.Bool, static arguments => IsLinkLocalUnicast(Of(arguments)));
        table.Method("isGlobalUnicast", [Ip], CelType.Bool, static arguments => IsGlobalUnicast(Of(arguments)));

        table.Function("cidr", [text], Cidr, static arguments => ParseNetwork((string)arguments[0]), Costs.FirstText);
        table.Function("isCIDR", [text], CelType.Bool, static arguments => CelNetwork.Parse((string)arguments[0]) is not null, Costs.FirstText);
        table.Function("string", [Cidr], text, static arguments => arguments[0].ToString()!);
        table.Method("containsIP", [Cidr, Ip], CelType.Bool, static arguments => Network(arguments).Contains(((CelAddress)arguments[1]).Address));
        table.Method("containsIP", [Cidr, text], CelType.Bool, static arguments =>
            Parse((string)arguments[1]) is var address && address is CelAddress ip ? Network(arguments).Contains(ip.Address) : address);
        table.Method("containsCIDR", [Cidr, Cidr], CelType.Bool, static arguments => Contains(Network(arguments), (CelNetwork)arguments[1]));
        table.Method("containsCIDR", [Cidr, text], CelType.Bool, static arguments =>
            ParseNetwork((string)arguments[1]) is var network && network is CelNetwork other ? Contains(Network(arguments), other) : network);
        table.Method("ip", [Cidr], Ip, static arguments => new CelAddress(Network(arguments).Address));
        table.Method("masked", [Cidr], Cidr, static arguments => Network(arguments).Masked);
        table.Method("prefixLength", [Cidr], CelType.Int, static arguments => (long)Network(arguments).PrefixLength);
    }

    private static object Parse(string text) => CelAddress.Parse(text) ?? (object)new CelError($"IP Address '{text}' parse error during conversion from string");

    private static object ParseNetwork(string text) => CelNetwork.Parse(text) ?? (object)new CelError($"CIDR '{text}' parse error during conversion from string");

    private static IPAddress Of(object[] arguments) => ((CelAddress)arguments[0]).Address;

    private static CelNetwork Network(object[] arguments) => (CelNetwork)arguments[0];

    private static bool Contains(CelNetwork network, CelNetwork other) => network.PrefixLength <= other.PrefixLength && network.Contains(other.Address);

    private static bool IsV4(IPAddress address) => address.AddressFamily == AddressFamily.InterNetwork;

    private static bool IsLinkLocalMulticast(IPAddress address) => address.GetAddressBytes() is var bytes && IsV4(address)
        ? bytes is [224, 0, 0, _] : bytes[0] == 0xff && (bytes[1] & 0x0f) == 2;

    private static bool IsLinkLocalUnicast(IPAddress address) => IsV4(address) ? address.GetAddressBytes() is [169, 254, _, _] : address.IsIPv6LinkLocal;

    private static bool IsGlobalUnicast(IPAddress address)
    {
        var bytes = address.GetAddressBytes();
        var isMulticast = IsV4(address) ? bytes[0] is >= 224 and < 240 : bytes[0] == 0xff;
        return !(isMulticast || IPAddress.IsLoopback(address) || IsLinkLocalUnicast(address) || address.Equals(IPAddress.Any)
            || address.Equals(IPAddress.IPv6Any) || address.Equals(IPAddress.Broadcast));
    }
}
