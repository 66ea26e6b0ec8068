using System.Net;
using System.Net.Sockets;
using Coxswain.Engine.Networks;
using Coxswain.Linux.Links;

namespace Coxswain.Engine.Local.Networks;

/// <summary>Chooses addresses for a network that does not say which: those Docker would take, as far as nothing of the machine has them.</summary>
internal static class SubnetChoice
{
    private const int LongestDefault = 1;

    private static IEnumerable<IPNetwork> Candidates =>
        Enumerable.Range(17, 15).Select(second => IPNetwork.Parse($"172.{second}.0.0/16"))
            .Concat(Enumerable.Range(0, 16).Select(part => IPNetwork.Parse($"192.168.{part * 16}.0/20")));

    /// <param name="taken">Those of other local networks, and of the cluster.</param>
    /// <exception cref="LocalException">None is left.</exception>
    public static IPNetwork Choose(ILinks links, IReadOnlyCollection<IPNetwork> taken)
    {
        var used = taken.Concat(OfTheMachine(links, _ => false)).ToList();
        return Candidates.Cast<IPNetwork?>().FirstOrDefault(candidate => !used.Any(other => Overlap(candidate!.Value, other)))
            ?? throw new LocalException(
                LocalErrorKind.Failed, "all predefined address pools have been fully subnetted: name one with --subnet");
    }

    /// <summary>What of the machine has addresses in a range; null for nothing.</summary>
    /// <param name="own">The bridge itself.</param>
    public static string? FindClash(ILinks links, IPNetwork subnet, string own)
    {
        var index = links.Find(own)?.Index ?? -1;
        return OfTheMachine(links, link => link == index).Where(other => Overlap(subnet, other)).Select(other => other.ToString()).FirstOrDefault();
    }

    public static bool Overlap(IPNetwork one, IPNetwork other) => NetworkRanges.Overlap(one, other);

    private static IEnumerable<IPNetwork> OfTheMachine(ILinks links, Func<int, bool> isOwn) =>
        links.ListRoutes().Where(route => route.Destination.PrefixLength > LongestDefault && !isOwn(route.LinkIndex)).Select(route => route.Destination)
            .Concat(links.ListAddresses()
                .Where(address => address.Address.AddressFamily == AddressFamily.InterNetwork && !isOwn(address.LinkIndex))
                .Select(address => new IPNetwork(address.Address, 32)));
}
