using System.Net;

namespace Coxswain.Engine.Local.Networks;

/// <summary>The nftables script of all local networks and published ports, as one transaction.</summary>
internal static class LocalRules
{
    private static readonly string[] Protocols = ["tcp", "udp"];

    /// <param name="bridges">Networks whose device is up.</param>
    public static string Script(
        string table, IReadOnlyList<LocalNetwork> bridges, IReadOnlyList<(PublishedPort Port, IPAddress Target)> ports)
    {
        var all = Elements(bridges.Select(network => $"\"{network.BridgeName}\""));
        var closed = Elements(bridges.Where(network => network.Internal).Select(network => $"\"{network.BridgeName}\""));
        var published = Elements(ports.Where(port => port.Port.HostAddress.Length == 0)
            .Select(port => $"{port.Port.Protocol} . {port.Port.HostPort} : {port.Target} . {port.Port.Port}"));
        var bound = Elements(ports.Where(port => port.Port.HostAddress.Length > 0)
            .Select(port => $"{port.Port.HostAddress} . {port.Port.Protocol} . {port.Port.HostPort} : {port.Target} . {port.Port.Port}"));
        var translate = string.Concat(Protocols.Select(protocol => $"""

                    dnat ip to ip daddr . meta l4proto . {protocol} dport map @bound
                    fib daddr type local dnat ip to meta l4proto . {protocol} dport map @published
            """));
        var same = string.Concat(bridges.Select(network => $"""

                    iifname "{network.BridgeName}" oifname "{network.BridgeName}" accept
            """));
        var outbound = string.Concat(bridges.Where(network => !network.Internal).Select(network => $"""

                    ip saddr {network.Subnet} oifname "{network.BridgeName}" ct status dnat masquerade
                    ip saddr {network.Subnet} oifname != "{network.BridgeName}" masquerade
            """));
        return $$"""
            add table inet {{table}}
            delete table inet {{table}}
            table inet {{table}} {
                set bridges {
                    type ifname
                    {{all}}
                }

                set closed {
                    type ifname
                    {{closed}}
                }

                map published {
                    type inet_proto . inet_service : ipv4_addr . inet_service
                    {{published}}
                }

                map bound {
                    type ipv4_addr . inet_proto . inet_service : ipv4_addr . inet_service
                    {{bound}}
                }

                # The machine's loopback is reachable by way of the bridges only for answers.
                chain loopback {
                    type filter hook prerouting priority -300; policy accept;
                    iifname @bridges ip daddr 127.0.0.0/8 drop
                }

                chain arriving {
                    type nat hook prerouting priority dstnat; policy accept;{{translate}}
                }

                chain ours {
                    type nat hook output priority -100; policy accept;{{translate}}
                }

                chain isolation {
                    type filter hook forward priority filter; policy accept;{{same}}
                    iifname @closed drop
                    oifname @closed drop
                    oifname @bridges ct state established,related accept
                    oifname @bridges ct status dnat accept
                    oifname @bridges drop
                }

                chain leaving {
                    type nat hook postrouting priority srcnat; policy accept;
                    ip saddr 127.0.0.0/8 oifname @bridges masquerade{{outbound}}
                }
            }

            """;
    }

    /// <summary>A set without elements may not say so.</summary>
    private static string Elements(IEnumerable<string> elements) =>
        string.Join(", ", elements) is { Length: > 0 } list ? $"elements = {{ {list} }}" : "";
}
