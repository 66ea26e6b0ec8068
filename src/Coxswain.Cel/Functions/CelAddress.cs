using System.Net;
using System.Net.Sockets;
using Coxswain.Cel.Types;
using Coxswain.Cel.Values;

namespace Coxswain.Cel.Functions;

/// <summary>An IP address.</summary>
internal sealed record CelAddress(IPAddress Address) : CelOpaque
{
    public static readonly CelType AddressType = CelType.Opaque("net.IP");

    public override CelType Type => AddressType;

    /// <summary>As Go's net/netip reads them: no zones, no leading zeros, no IPv4 inside IPv6.</summary>
    public static CelAddress? Parse(string text)
    {
        if (text.Length is 0 or > 45 || text.AsSpan().ContainsAnyExcept("0123456789abcdefABCDEF:.") || !IPAddress.TryParse(text, out var address))
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

/// <summary>A range of addresses.</summary>
internal sealed record CelNetwork(IPAddress Address, int PrefixLength) : CelOpaque
{
    public static readonly CelType NetworkType = CelType.Opaque("net.CIDR");

    public override CelType Type => NetworkType;

    public int Bits => Address.AddressFamily == AddressFamily.InterNetwork ? 32 : 128;

    public CelNetwork Masked => this with { Address = Mask(Address) };

    public static CelNetwork? Parse(string text)
    {
        var slash = text.LastIndexOf('/');
        if (slash < 0 || CelAddress.Parse(text[..slash]) is not { } address)
        {
            return null;
        }

        var length = text.AsSpan(slash + 1);
        var bits = address.Address.AddressFamily == AddressFamily.InterNetwork ? 32 : 128;
        return length.Length is > 0 and <= 3 && !length.ContainsAnyExceptInRange('0', '9') && (length.Length == 1 || length[0] != '0') && int.Parse(length) <= bits
            ? new CelNetwork(address.Address, int.Parse(length)) : null;
    }

    public bool Contains(IPAddress address) => address.AddressFamily == Address.AddressFamily && Mask(address).Equals(Mask(Address));

    public override string ToString() => $"{Address}/{PrefixLength}";

    private IPAddress Mask(IPAddress address)
    {
        var bytes = address.GetAddressBytes();
        for (var i = 0; i < bytes.Length; i++)
        {
            var kept = Math.Clamp(PrefixLength - (i * 8), 0, 8);
            bytes[i] &= (byte)(0xff00 >> kept);
        }

        return new IPAddress(bytes);
    }
}
