using System.Net;
using System.Net.Sockets;
using Coxswain.Cel.Types;
using Coxswain.Cel.Values;

namespace Coxswain.Cel.Functions;

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
