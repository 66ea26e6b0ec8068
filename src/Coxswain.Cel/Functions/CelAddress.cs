using System.Buffers;
using System.Net;
using System.Net.Sockets;
using Coxswain.Cel.Types;
using Coxswain.Cel.Values;

namespace Coxswain.Cel.Functions;

/// <summary>An IP address.</summary>
internal sealed record CelAddress(IPAddress Address) : CelOpaque
{
    public static readonly CelType AddressType = CelType.Opaque("net.IP");

    private static readonly SearchValues<char> Letters = SearchValues.Create("0123456789abcdefABCDEF:.");

    public override CelType Type => AddressType;

    /// <summary>As Go's net/netip reads them: no zones, no leading zeros, no IPv4 inside IPv6.</summary>
    public static CelAddress? Parse(string text)
    {
        if (text.Length is 0 or > 45 || text.AsSpan().ContainsAnyExcept(Letters) || !IPAddress.TryParse(text, out var address))
        {
            return null;
        }

        if (address.AddressFamily == AddressFamily.InterNetwork)
        {
            return address.ToString() == text ? new CelAddress(address) : null;
        }

        return address.IsIPv4MappedToIPv6 || text.Contains('.') ? null : new CelAddress(address);
    }

    public override string ToString() => Address.ToString();
}
