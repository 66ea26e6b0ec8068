using Coxswain.Linux.Links;

namespace Coxswain.Engine.Networks;

/// <summary>The plan of a network: its nftables script and its routes, from its options alone.</summary>
internal static class NetworkRules
{
    // Higher than any metric a person would choose, so that every real route to these networks goes first.
    private const int LastResort = 1 << 20;

    public static readonly IReadOnlyList<string> Chains = ["confine", "guard", "outbound"];

    public static string Script(string table, ContainerNetworkOptions options)
    {
        var cluster = string.Join(", ", options.ClusterNetworks);
        var own = string.Join(", ", options.TrustedLinks.Append(options.BridgeName).Append("lo").Select(name => $"\"{name}\""));
        return $$"""
            add table inet {{table}}
            delete table inet {{table}}
            table inet {{table}} {
                set cluster {
                    type ipv4_addr
                    flags interval
                    auto-merge
                    elements = { {{cluster}} }
                }

                # Whatever way a packet for the cluster came to another device (a lost route, a bridge that is down), it stays here.
                chain confine {
                    type filter hook postrouting priority filter; policy accept;
                    oifname != { {{own}} } ip daddr @cluster counter drop
                    # Sandboxes go through the gateway even to their neighbours on purpose; do not tell them of a shorter way.
                    oifname "{{options.BridgeName}}" icmp type redirect drop
                }

                # Who begins something with a sandbox is on this bridge or the machine itself. Not a neighbour that sends packets for
                # our addresses here, and not a sandbox of another bridge.
                chain guard {
                    type filter hook forward priority filter; policy accept;
                    oifname "{{options.BridgeName}}" iifname != { {{own}} } ct state != { established, related } counter drop
                }

                chain outbound {
                    type nat hook postrouting priority srcnat; policy accept;
                    ip saddr {{options.Subnet}} ip daddr != @cluster oifname != "{{options.BridgeName}}" masquerade
                }
            }

            """;
    }

    /// <summary>
    /// Routes that are there before the first packet. Networks without the subnet (Services) lead to the bridge, as an
    /// address must have a route before nftables gets to rewrite it; behind all lies one that goes nowhere, for the
    /// time the bridge is gone.
    /// </summary>
    public static IReadOnlyList<Route> Routes(ContainerNetworkOptions options, int bridgeIndex) =>
    [
        .. LastResortRoutes(options),
        .. options.ClusterNetworks.Where(network => !network.Contains(options.Subnet.BaseAddress))
            .Select(network => new Route(network, null, bridgeIndex, RouteType.Unicast, 0)),
    ];

    public static IEnumerable<Route> LastResortRoutes(ContainerNetworkOptions options) =>
        options.ClusterNetworks.Select(network => new Route(network, null, 0, RouteType.Unreachable, LastResort));
}
