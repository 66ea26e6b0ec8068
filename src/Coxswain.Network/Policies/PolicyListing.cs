namespace Coxswain.Network.Policies;

/// <summary>Tells from nft's listing of the table whether somebody took something away.</summary>
internal static class PolicyListing
{
    /// <param name="listing">Without elements.</param>
    public static bool IsWhole(string listing, PolicyPlan plan)
    {
        var rules = RulesByChain(listing);
        return PolicyNames.BaseChains.All(chain => rules.GetValueOrDefault(chain) > 0)
            && plan.Chains.All(chain => rules.TryGetValue(chain.Key, out var count) && count == chain.Value.Count);
    }

    private static Dictionary<string, int> RulesByChain(string listing)
    {
        var rules = new Dictionary<string, int>(StringComparer.Ordinal);
        string? chain = null;
        foreach (var line in listing.Split('\n'))
        {
            if (line.StartsWith("\tchain ", StringComparison.Ordinal))
            {
                chain = line["\tchain ".Length..].TrimEnd('{', ' ');
                rules[chain] = 0;
            }
            else if (line.StartsWith("\t}", StringComparison.Ordinal))
            {
                chain = null;
            }
            else if (chain is not null && line.StartsWith("\t\t", StringComparison.Ordinal) && !line.StartsWith("\t\ttype ", StringComparison.Ordinal))
            {
                rules[chain]++;
            }
        }

        return rules;
    }
}
