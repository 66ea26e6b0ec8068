using System.Text;

namespace Coxswain.Network.Proxy;

/// <summary>
/// Writes the proxy's rules in nft's language. Knows which of the numbered chains and maps are there, and adds those that
/// the elements of a change are the first to need.
/// </summary>
internal sealed class RuleScript(string tableName, ServiceProxySettings options)
{
    private const string Goto = "goto ";
    private const string Front = "ipv4_addr . inet_proto . inet_service";
    private static readonly string[] Protocols = ["tcp", "udp", "sctp"];

    /// <summary>The chains that every table of ours has, as <see cref="AppendSkeleton"/> writes them.</summary>
    private static readonly string[] Skeleton =
    [
        "proxy-guard", "proxy-prerouting", "proxy-output", "proxy-postrouting", "proxy-learn", "proxy-learn-forwarded", "proxy-learn-local",
        "proxy-refuse", "proxy-refuse-forwarded", "proxy-refuse-own",
    ];

    private const string Restriction =
        $"ip daddr . meta l4proto . th dport @{RuleNames.Restricted} ip daddr . meta l4proto . th dport . ip saddr != @{RuleNames.Sources} drop";

    /// <summary>How many numbered chains may be there that nothing leads to: so many are kept, as they may be wanted again.</summary>
    public const int MostUnused = 64;

    private string RefusedNetworks =>
        options.LoadBalancerPool is { } pool ? $"{options.ServiceCidr}, {pool}" : $"{options.ServiceCidr}";

    private readonly HashSet<string> _present = new(StringComparer.Ordinal);

    /// <summary>How many elements lead to a chain.</summary>
    private readonly Dictionary<string, int> _uses = new(StringComparer.Ordinal);

    /// <summary>Whether a listing shows all chains that the scripts have made, with rules in them.</summary>
    public bool IsWhole(RuleListing listing) => 
        _present.Where(name => RuleNames.TryParse(name, out _, out _)).Concat(Skeleton).All(listing.FilledChains.Contains);

    /// <summary>Everything from nothing, in place of what the listing of the table shows of ours.</summary>
    public string Full(RuleListing existing, RuleChanges everything)
    {
        var script = new StringBuilder($"add table inet {tableName}\n");
        AppendRemoval(script, existing);
        Forget();
        AppendSkeleton(script);
        AppendChanges(script, everything);
        return script.ToString();
    }

    /// <summary>Only what changes.</summary>
    public string Difference(RuleChanges changes)
    {
        var script = new StringBuilder();
        AppendChanges(script, changes);
        return script.ToString();
    }

    /// <summary>Takes everything of ours out of the table.</summary>
    public string Removal(RuleListing existing)
    {
        var script = new StringBuilder();
        AppendRemoval(script, existing);
        return script.ToString();
    }

    /// <summary>Makes clients forget endpoints. Adding first makes it right also when the element timed out meanwhile.</summary>
    public string Forgetting(IReadOnlyList<RuleElement> affinities)
    {
        var script = new StringBuilder();
        AppendElements(script, "add", affinities, withValues: true);
        AppendElements(script, "delete", affinities, withValues: false);
        return script.ToString();
    }

    /// <summary>The numbered chains of a failed script may or may not be there: only a full script will do next.</summary>
    public void Forget()
    {
        _present.Clear();
        _uses.Clear();
    }

    private void AppendRemoval(StringBuilder script, RuleListing existing)
    {
        // Rules refer to chains and sets, map elements to chains: so rules go first, then sets, then chains.
        script.AppendJoin("", existing.Chains.Select(chain => $"flush chain inet {tableName} {chain}\n"));
        script.AppendJoin("", existing.Sets.Select(set => $"delete {set.Keyword} inet {tableName} {set.Name}\n"));
        script.AppendJoin("", existing.Chains.Select(chain => $"delete chain inet {tableName} {chain}\n"));
    }

    private void AppendSkeleton(StringBuilder script) => script.Append($$"""
        table inet {{tableName}} {
          map {{RuleNames.Services}} { type {{Front}} : verdict; }
          map {{RuleNames.AffinityServices}} { type {{Front}} : verdict; }
          map {{RuleNames.Affinity}} { type ipv4_addr . {{Front}} : ipv4_addr . inet_service; size 65536; flags dynamic,timeout; }
          set {{RuleNames.AffinityEndpoints}} { type {{Front}} . ipv4_addr . inet_service; }
          set {{RuleNames.Refused}} { type {{Front}}; }
          set {{RuleNames.Restricted}} { type {{Front}}; }
          set {{RuleNames.Sources}} { type {{Front}} . ipv4_addr; flags interval; }
          set {{RuleNames.Hairpin}} { type ipv4_addr . ipv4_addr; }

          # Pods must not reach the node's loopback, which is routed on the bridge for NodePorts on 127.0.0.1.
          chain proxy-guard {
            type filter hook prerouting priority raw;
            iifname "{{options.BridgeName}}" ip daddr 127.0.0.0/8 drop
            iifname "{{options.BridgeName}}" ip saddr 127.0.0.0/8 drop
          }
          chain proxy-prerouting {
            type nat hook prerouting priority dstnat;
            {{Restriction}}
            ip daddr . meta l4proto . th dport vmap @{{RuleNames.Services}}
          }
          chain proxy-output {
            type nat hook output priority -100;
            {{Restriction}}
            ip daddr . meta l4proto . th dport vmap @{{RuleNames.Services}}
          }
          chain proxy-postrouting {
            type nat hook postrouting priority srcnat;
            ip saddr . ip daddr @{{RuleNames.Hairpin}} masquerade
            ip saddr 127.0.0.0/8 oifname "{{options.BridgeName}}" masquerade
          }
          chain proxy-learn {
            meta l4proto tcp ct original ip daddr . meta l4proto . ct original proto-dst vmap @{{RuleNames.AffinityServices}}
            meta l4proto udp ct original ip daddr . meta l4proto . ct original proto-dst vmap @{{RuleNames.AffinityServices}}
            meta l4proto sctp ct original ip daddr . meta l4proto . ct original proto-dst vmap @{{RuleNames.AffinityServices}}
          }
          chain proxy-learn-forwarded {
            type filter hook postrouting priority 50;
            ct state new ct status dnat jump proxy-learn
          }
          chain proxy-learn-local {
            type filter hook input priority 50;
            ct state new ct status dnat jump proxy-learn
          }
          chain proxy-refuse {
            meta l4proto tcp reject with tcp reset
            reject with icmpx port-unreachable
          }
          chain proxy-refuse-forwarded {
            type filter hook forward priority -10;
            ct state new ip daddr { {{RefusedNetworks}} } goto proxy-refuse
            ct state new ip daddr . meta l4proto . th dport @{{RuleNames.Refused}} goto proxy-refuse
          }
          chain proxy-refuse-own {
            type filter hook output priority -10;
            ct state new ip daddr { {{RefusedNetworks}} } oifname != "lo" goto proxy-refuse
            ct state new ip daddr . meta l4proto . th dport @{{RuleNames.Refused}} goto proxy-refuse
          }
        }

        """);

    private void AppendChanges(StringBuilder script, RuleChanges changes)
    {
        foreach (var element in changes.Added)
        {
            Require(script, element);
        }

        AppendElements(script, "delete", changes.Removed, withValues: false);
        AppendElements(script, "add", changes.Added, withValues: true);
        Count(changes.Removed, -1);
        Count(changes.Added, 1);
        AppendSweep(script);
    }

    private void Count(IReadOnlyList<RuleElement> elements, int change)
    {
        foreach (var element in elements)
        {
            if (ChainOf(element) is { } chain && (_uses[chain] = _uses.GetValueOrDefault(chain) + change) == 0)
            {
                _uses.Remove(chain);
            }
        }
    }

    /// <summary>Removes the chains that nothing leads to any more, when they are many. Those of slots stay: there are as few as endpoints.</summary>
    private void AppendSweep(StringBuilder script)
    {
        List<string> unused = [.. _present.Where(IsUnused)];
        if (unused.Count <= MostUnused)
        {
            return;
        }

        script.AppendJoin("", unused.Select(chain => $"flush chain inet {tableName} {chain}\n"));
        script.AppendJoin("", unused.Select(chain => $"delete chain inet {tableName} {chain}\n"));
        _present.ExceptWith(unused);
    }

    private bool IsUnused(string chain) =>
        RuleNames.TryParse(chain, out var kind, out var number) && kind != RuleChainKind.Endpoints && !_uses.ContainsKey(chain)
        && !(kind == RuleChainKind.Pick && _uses.ContainsKey(RuleNames.Stay(number)));

    private static string? ChainOf(RuleElement element) =>
        element.Value.StartsWith(Goto, StringComparison.Ordinal) ? element.Value[Goto.Length..] : null;

    private void Require(StringBuilder script, RuleElement element)
    {
        if (RuleNames.TryParse(element.Set, out _, out _))
        {
            Require(script, element.Set);
        }
        else if (ChainOf(element) is { } chain)
        {
            Require(script, chain);
        }
    }

    private void Require(StringBuilder script, string name)
    {
        if (!_present.Add(name) || !RuleNames.TryParse(name, out var kind, out var number))
        {
            return;
        }

        switch (kind)
        {
            case RuleChainKind.Endpoints:
                AppendEndpoints(script, name, number);
                break;
            case RuleChainKind.Pick:
                AppendPick(script, name, number);
                break;
            case RuleChainKind.Stay:
                Require(script, RuleNames.Pick(number));
                AppendChain(script, name, [.. Translations("ip saddr . ip daddr", RuleNames.Affinity), $"goto {RuleNames.Pick(number)}"]);
                break;
            case RuleChainKind.Learn:
                AppendChain(script, name, [.. Protocols.Select(protocol => Learning(protocol, number))]);
                break;
        }
    }

    private void AppendEndpoints(StringBuilder script, string name, int slot)
    {
        script.Append($"add map inet {tableName} {name} {{ type {Front} : ipv4_addr . inet_service; }}\n");
        string[] rules = [.. Translations("ip daddr", name)];
        if (slot > 0)
        {
            // A packet may have picked among as many as there were before a change it overtook. The first is always there.
            Require(script, RuleNames.Endpoints(0));
            rules = [.. rules, $"goto {RuleNames.Endpoints(0)}"];
        }

        AppendChain(script, name, rules);
    }

    private void AppendPick(StringBuilder script, string name, int count)
    {
        for (var slot = 0; slot < count; slot++)
        {
            Require(script, RuleNames.Endpoints(slot));
        }

        var slots = Enumerable.Range(0, count).Select(slot => $"{slot} : goto {RuleNames.Endpoints(slot)}");
        AppendChain(
            script, name, count == 1 ? $"goto {RuleNames.Endpoints(0)}" : $"numgen random mod {count} vmap {{ {string.Join(", ", slots)} }}");
    }

    private void AppendChain(StringBuilder script, string name, params IReadOnlyList<string> rules)
    {
        script.Append($"add chain inet {tableName} {name}\n");
        script.AppendJoin("", rules.Select(rule => $"add rule inet {tableName} {name} {rule}\n"));
    }

    // nft lets a map give a port only in a rule that fixes the protocol, so there is one rule each.
    private static IEnumerable<string> Translations(string addresses, string map) =>
        Protocols.Select(protocol => $"dnat ip to {addresses} . meta l4proto . {protocol} dport map @{map}");

    private static string Learning(string protocol, int timeoutSeconds) =>
        $"meta l4proto {protocol} ct original ip daddr . meta l4proto . ct original proto-dst . ip daddr . {protocol} dport "
        + $"@{RuleNames.AffinityEndpoints} update @{RuleNames.Affinity} {{ ct original ip saddr . ct original ip daddr . meta l4proto . "
        + $"ct original proto-dst timeout {timeoutSeconds}s : ip daddr . {protocol} dport }}";

    private void AppendElements(StringBuilder script, string verb, IReadOnlyList<RuleElement> elements, bool withValues)
    {
        string? set = null;
        foreach (var element in elements)
        {
            if (element.Set != set)
            {
                script.Append(set is null ? "" : " }\n").Append($"{verb} element inet {tableName} {element.Set} {{ ");
                set = element.Set;
            }
            else
            {
                script.Append(", ");
            }

            script.Append(element.Key);
            if (withValues && element.Value.Length > 0)
            {
                script.Append(" : ").Append(element.Value);
            }
        }

        script.Append(set is null ? "" : " }\n");
    }
}
