using System.Globalization;
using System.Net;
using Coxswain.Api.Errors;

namespace Coxswain.ApiServer.Http.Tunnels;

/// <summary>Addresses that requests may be passed on to: a pod's or an endpoint's status must not lead into the server's own machine.</summary>
internal static class ProxyAddress
{
    /// <exception cref="KubeStatusException">Not to this one.</exception>
    public static string Base(string scheme, string address, int port)
    {
        if (!IPAddress.TryParse(address, out var ip) || !IsAllowed(ip))
        {
            throw new KubeStatusException(Statuses.BadRequest("address not allowed"));
        }

        return Format(scheme, ip.ToString(), port);
    }

    public static string Format(string scheme, string address, int port)
    {
        var host = address.Contains(':', StringComparison.Ordinal) ? $"[{address}]" : address;
        return string.Create(
            CultureInfo.InvariantCulture, $"{(scheme.Length == 0 ? "http" : scheme)}://{host}{(port == 0 ? "" : $":{port}")}");
    }

    public static bool IsAllowed(IPAddress address)
    {
        address = address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address;
        var bytes = address.GetAddressBytes();
        return bytes.Length == 4
            ? bytes is not ([127 or 0, ..] or [169, 254, ..] or [224, 0, 0, _])
            : !IPAddress.IsLoopback(address) && !address.Equals(IPAddress.IPv6Any) && !address.IsIPv6LinkLocal
                && !(bytes[0] == 0xFF && (bytes[1] & 0x0F) is 1 or 2);
    }
}
