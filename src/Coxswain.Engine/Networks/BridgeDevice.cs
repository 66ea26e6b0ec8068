using System.Net;
using Coxswain.Linux.Links;

namespace Coxswain.Engine.Networks;

/// <summary>The bridge itself: the device, its address, and the routes of the network.</summary>
/// <param name="ownerMark">Written on the device, as its name alone does not say whose it is.</param>
internal sealed class BridgeDevice(ContainerNetworkOptions options, IPAddress gateway, string ownerMark, ILinks links)
{
    /// <summary>How every mark of every engine begins.</summary>
    public const string MarkPrefix = "coxswain ";

    private const string Forwarding = "/proc/sys/net/ipv4/ip_forward";

    /// <summary>Whether this process made a gateway of the machine; only then is that taken back with the rest.</summary>
    private bool _hasForwarding;

    /// <summary>Makes what is missing of it; returns the device's index.</summary>
    public int Ensure()
    {
        links.Apply([.. NetworkRules.LastResortRoutes(options).Select(ToChange)]);
        if (links.Find(options.BridgeName) is { } present && present.Alias != ownerMark && present.Alias.StartsWith(MarkPrefix, StringComparison.Ordinal))
        {
            // Of an engine that is dead, or it would have its claim still.
            links.Apply(new DeleteLink(options.BridgeName));
        }

        links.Apply(new AddBridge(options.BridgeName, options.Mtu), new SetAlias(options.BridgeName, ownerMark));
        var bridge = links.Find(options.BridgeName)
            ?? throw new EngineException($"bridge {options.BridgeName} is gone as soon as made");
        var mac = SandboxLinks.MacOf(gateway);
        if (bridge.MacAddress != mac)
        {
            // A bridge without one of its own takes its ports' addresses in turn, and sandboxes lose their gateway each time.
            links.Apply(new SetMac(bridge.Index, mac));
        }

        links.Apply(
        [
            new AddAddress(bridge.Index, gateway, options.Subnet.PrefixLength),
            new SetUp(bridge.Index),
            .. NetworkRules.Routes(options, bridge.Index).Select(ToChange),
        ]);
        // IPv6 on the bridge would only announce itself; and forwarding is what makes a gateway of us.
        WriteIfPresent($"/proc/sys/net/ipv6/conf/{options.BridgeName}/disable_ipv6", "1");
        WriteIfPresent($"/proc/sys/net/ipv4/conf/{options.BridgeName}/send_redirects", "0");
        _hasForwarding |= WriteIfPresent(Forwarding, "1");
        return bridge.Index;
    }

    /// <exception cref="EngineException">A device of that name is there and not an engine's.</exception>
    public void CheckFree()
    {
        if (links.Find(options.BridgeName) is not { Alias: "" } present)
        {
            return;
        }

        // An engine that did not write on its devices yet can have left it; then it has the gateway's address, or nothing.
        var addresses = links.ListAddresses()
            .Where(address => address.LinkIndex == present.Index && address.Address.GetAddressBytes().Length == 4).ToList();
        if (present.Kind != "bridge" || addresses.Any(address => !address.Address.Equals(gateway))
            || (addresses.Count == 0 && links.List().Any(link => link.MasterIndex == present.Index)))
        {
            throw new EngineException($"a device {options.BridgeName} is there and not ours; choose another name for the bridge");
        }
    }

    public bool IsWhole() =>
        links.Find(options.BridgeName) is { IsUp: true } bridge
        && bridge.Alias == ownerMark
        && links.ListAddresses().Contains(new LinkAddress(bridge.Index, gateway, options.Subnet.PrefixLength))
        && !NetworkRules.Routes(options, bridge.Index).Except(links.ListRoutes()).Any();

    /// <param name="others">Ranges of other clusters: their routes stay, and the machine a gateway.</param>
    public void Delete(IReadOnlyCollection<IPNetwork> others)
    {
        if (links.Find(options.BridgeName) is { } bridge && (bridge.Alias == ownerMark || bridge.Alias.Length == 0))
        {
            links.Apply(new DeleteLink(options.BridgeName));
        }

        links.Apply(
            [.. NetworkRules.LastResortRoutes(options).Where(route => !others.Contains(route.Destination)).Select(ToRemoval)]);
        StopForwarding(others);
    }

    /// <summary>Takes back what <see cref="Ensure"/> did, in whole or in part, since that moment.</summary>
    /// <param name="others">As in <see cref="Delete"/>.</param>
    public void Restore(BridgeBefore before, IReadOnlyCollection<IPNetwork> others)
    {
        if (!before.Exists)
        {
            links.Apply(new DeleteLink(options.BridgeName));
        }

        links.Apply([.. NetworkRules.LastResortRoutes(options).Except(before.Routes).Select(ToRemoval)]);
        StopForwarding(others);
    }

    public BridgeBefore Remember() => new(links.Find(options.BridgeName) is not null, links.ListRoutes());

    private static LinkChange ToChange(Route route) =>
        new AddRoute(route.Destination, route.Gateway, route.LinkIndex, route.Type, route.Metric);

    private static LinkChange ToRemoval(Route route) =>
        new RemoveRoute(route.Destination, route.Gateway, route.LinkIndex, route.Type, route.Metric);

    private void StopForwarding(IReadOnlyCollection<IPNetwork> others)
    {
        if (_hasForwarding && others.Count == 0)
        {
            WriteIfPresent(Forwarding, "0");
        }

        _hasForwarding = false;
    }

    /// <summary>False when it is there already, or cannot be.</summary>
    private static bool WriteIfPresent(string file, string value)
    {
        if (!File.Exists(file) || File.ReadAllText(file).Trim() == value)
        {
            return false;
        }

        File.WriteAllText(file, value);
        return true;
    }
}

/// <summary>What was there before a start.</summary>
internal sealed record BridgeBefore(bool Exists, IReadOnlyList<Route> Routes);
