using System.Net;
using System.Net.Sockets;

namespace Coxswain.Api.Validation;

/// <summary>The addresses that mean the same on every machine, so that nobody outside can be reached at them.</summary>
public static class SpecialAddresses
{
    /// <summary>What is wrong with the address in Kubernetes' words; null when it is an ordinary one.</summary>
    public static string? WhyNot(IPAddress address)
    {
        var plain = address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address;
        var bytes = plain.GetAddressBytes();
        var isIPv4 = plain.AddressFamily == AddressFamily.InterNetwork;
        if (plain.Equals(IPAddress.Any) || plain.Equals(IPAddress.IPv6Any))
        {
            return $"may not be unspecified ({plain})";
        }

        if (IPAddress.IsLoopback(plain))
        {
            return "may not be in the loopback range (127.0.0.0/8, ::1/128)";
        }

        if (isIPv4 ? bytes is [169, 254, ..] : plain.IsIPv6LinkLocal)
        {
            return "may not be in the link-local range (169.254.0.0/16, fe80::/10)";
        }

        return (isIPv4 ? bytes is [224, 0, 0, _] : bytes[0] == 0xFF && (bytes[1] & 0x0F) == 0x02)
            ? "may not be in the link-local multicast range (224.0.0.0/24, ff02::/10)"
            : null;
    }
}
