using System.Net;
using System.Net.Sockets;
using Coxswain.Linux.Links;

namespace Coxswain.Engine.Networks;

/// <param name="Range">The range of ours.</param>
/// <param name="With">What of the machine has addresses in it, for people.</param>
public sealed record NetworkClash(IPNetwork Range, string With);

/// <summary>Whether the ranges of a network are free on this machine. Nothing is changed.</summary>
public static class NetworkRanges
{
    // Two halves of everything are how some tunnels spell a default route.
    private const int LongestDefault = 1;

    /// <summary>To be called before a cluster is made, with a message that says what to do.</summary>
    /// <exception cref="EngineException">A range clashes with an address or a route of the machine.</exception>
    public static void Check(ContainerNetworkOptions options, ILinks links)
    {
        if (FindClash(options, links) is { } clash)
        {
            var flag = options.RangeFlags.GetValueOrDefault(clash.Range.ToString());
            throw new EngineException(
                $"the range {clash.Range} clashes with {clash.With}" + (flag is null ? "" : $"; choose another with {flag}"));
        }
    }

    /// <summary>Null when all ranges are free but for what is on our own bridge.</summary>
    public static NetworkClash? FindClash(ContainerNetworkOptions options, ILinks links)
    {
        var names = links.List().ToDictionary(link => link.Index, link => link.Name);
        var own = options.TrustedLinks.Append(options.BridgeName).Append("lo").ToHashSet(StringComparer.Ordinal);
        bool IsForeign(int link) => !own.Contains(names.GetValueOrDefault(link, ""));
        foreach (var range in options.ClusterNetworks.Prepend(options.Subnet).Distinct())
        {
            foreach (var address in links.ListAddresses().Where(address => IsForeign(address.LinkIndex)))
            {
                if (address.Address.AddressFamily == AddressFamily.InterNetwork && range.Contains(address.Address))
                {
                    return new NetworkClash(
                        range, $"the address {address.Address}/{address.PrefixLength} of {names.GetValueOrDefault(address.LinkIndex)}");
                }
            }

            foreach (var route in links.ListRoutes())
            {
                if (route.Destination.PrefixLength > LongestDefault && Overlap(range, route.Destination)
                    && !IsOwn(route, options, IsForeign))
                {
                    var by = names.TryGetValue(route.LinkIndex, out var name) ? $" by {name}" : $" ({route.Type})";
                    return new NetworkClash(range, $"the route {route.Destination}{by}");
                }
            }
        }

        return null;
    }

    internal static bool Overlap(IPNetwork one, IPNetwork other) =>
        one.Contains(other.BaseAddress) || other.Contains(one.BaseAddress);

    /// <summary>What leads to our links, and what we leave for the time there are none.</summary>
    private static bool IsOwn(Route route, ContainerNetworkOptions options, Func<int, bool> isForeign) =>
        route.LinkIndex != 0
            ? !isForeign(route.LinkIndex)
            : NetworkRules.LastResortRoutes(options).Any(own => own == route);
}
