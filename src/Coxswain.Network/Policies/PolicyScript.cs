using System.Text;

namespace Coxswain.Network.Policies;

/// <summary>Writes plans in nft's language, each script one transaction.</summary>
internal sealed class PolicyScript(string tableName, PolicySettings settings)
{
    /// <summary>Everything from nothing, in place of whatever the table holds.</summary>
    public string Full(PolicyPlan plan)
    {
        var script = new StringBuilder($"add table inet {tableName}\ndelete table inet {tableName}\n");
        script.Append($"add table inet {tableName}\n");
        foreach (var (name, definition) in PolicyNames.Fixed)
        {
            AppendSet(script, name, new PolicySet(definition, new HashSet<string>()));
        }

        AppendSkeleton(script);
        AppendDifference(script, PolicyPlan.Empty, plan);
        return script.ToString();
    }

    /// <summary>Only what changes.</summary>
    public string Difference(PolicyPlan before, PolicyPlan after)
    {
        var script = new StringBuilder();
        AppendDifference(script, before, after);
        return script.ToString();
    }

    /// <summary>
    /// What a packet meets. To accept in one base chain leaves the others to judge: what a pod sends is asked before what
    /// comes to one, both after Services' addresses have become those of pods.
    /// </summary>
    private void AppendSkeleton(StringBuilder script)
    {
        const string answers = "ct state established,related accept";
        var self = $"ip saddr . ip daddr @{PolicyNames.Self} accept";
        AppendBase(script, PolicyNames.BaseChains[0], "forward priority -7", answers, self,
            $"iifname \"{settings.BridgeName}\" ip saddr vmap @{PolicyNames.Outgoing}");

        // The node itself may always be reached; its DNS stands for a pod.
        AppendBase(script, PolicyNames.BaseChains[1], "input priority -7", answers,
            settings.DnsAddress is { } dns ? $"iifname \"{settings.BridgeName}\" ip daddr {dns} ip saddr vmap @{PolicyNames.Outgoing}" : "accept");
        AppendBase(script, PolicyNames.BaseChains[2], "forward priority -6", answers, self,
            $"oifname \"{settings.BridgeName}\" ip daddr vmap @{PolicyNames.Incoming}");
    }

    private void AppendBase(StringBuilder script, string name, string hook, params IReadOnlyList<string> rules)
    {
        script.Append($"add chain inet {tableName} {name} {{ type filter hook {hook}; policy accept; }}\n");
        AppendRules(script, name, rules);
    }

    private void AppendDifference(StringBuilder script, PolicyPlan before, PolicyPlan after)
    {
        var goneChains = before.Chains.Keys.Except(after.Chains.Keys, StringComparer.Ordinal).ToList();
        var goneSets = before.Sets.Keys.Except(after.Sets.Keys, StringComparer.Ordinal).ToList();
        var newChains = after.Chains.Keys.Except(before.Chains.Keys, StringComparer.Ordinal).ToList();

        // Whatever is referred to comes before, and goes after, what refers to it.
        foreach (var (name, set) in after.Sets.Where(set => !before.Sets.ContainsKey(set.Key)))
        {
            AppendSet(script, name, set);
        }

        script.AppendJoin("", newChains.Select(chain => $"add chain inet {tableName} {chain}\n"));
        foreach (var (name, rules) in after.Chains)
        {
            if (!before.Chains.TryGetValue(name, out var known))
            {
                AppendRules(script, name, rules);
            }
            else if (!known.SequenceEqual(rules))
            {
                script.Append($"flush chain inet {tableName} {name}\n");
                AppendRules(script, name, rules);
            }
        }

        foreach (var (name, set) in after.Sets)
        {
            var there = before.Sets.TryGetValue(name, out var known) ? known.Elements : new HashSet<string>();
            AppendElements(script, "delete", name, there.Except(set.Elements));
            AppendElements(script, "add", name, set.Elements.Except(there));
        }

        script.AppendJoin("", goneChains.Select(chain => $"flush chain inet {tableName} {chain}\n"));
        script.AppendJoin("", goneChains.Select(chain => $"delete chain inet {tableName} {chain}\n"));
        script.AppendJoin("", goneSets.Select(set => $"delete {before.Sets[set].Keyword} inet {tableName} {set}\n"));
    }

    private void AppendSet(StringBuilder script, string name, PolicySet set) =>
        script.Append($"add {set.Keyword} inet {tableName} {name} {{ {set.Definition} }}\n");

    private void AppendRules(StringBuilder script, string chain, IReadOnlyList<string> rules) =>
        script.AppendJoin("", rules.Select(rule => $"add rule inet {tableName} {chain} {rule}\n"));

    private void AppendElements(StringBuilder script, string verb, string set, IEnumerable<string> elements)
    {
        var listed = elements.Order(StringComparer.Ordinal).ToList();
        if (listed.Count > 0)
        {
            script.Append($"{verb} element inet {tableName} {set} {{ {string.Join(", ", listed)} }}\n");
        }
    }
}
