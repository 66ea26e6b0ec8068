using System.Text.RegularExpressions;

namespace Coxswain.Network.Proxy;

/// <summary>What of ours is in the table, read from nft's listing of it.</summary>
/// <param name="Sets">Sets and maps, which nft deletes by different words.</param>
/// <param name="FilledChains">Those of the chains that hold a rule.</param>
/// <param name="Affinities">The elements of <see cref="RuleNames.Affinity"/>.</param>
internal sealed partial record RuleListing(
    IReadOnlyList<string> Chains, IReadOnlySet<string> FilledChains, IReadOnlyList<(string Keyword, string Name)> Sets,
    IReadOnlyList<RuleElement> Affinities)
{
    public bool IsEmpty => Chains.Count == 0 && Sets.Count == 0;

    public static RuleListing Parse(string listing)
    {
        var chains = new List<string>();
        var filled = new HashSet<string>(StringComparer.Ordinal);
        var sets = new List<(string, string)>();
        var affinities = new List<RuleElement>();
        var isAffinity = false;
        var isChain = false;
        foreach (var line in listing.AsSpan().EnumerateLines())
        {
            if (Block().Match(line.ToString()) is { Success: true } block)
            {
                var (keyword, name) = (block.Groups[1].Value, block.Groups[2].Value);
                isAffinity = name == RuleNames.Affinity;
                isChain = keyword == "chain";
                if (isChain)
                {
                    chains.Add(name);
                }
                else
                {
                    sets.Add((keyword, name));
                }
            }
            else if (isChain)
            {
                if (line.StartsWith("\t}"))
                {
                    isChain = false;
                }
                else if (line.StartsWith("\t\t") && !line.StartsWith("\t\ttype "))
                {
                    filled.Add(chains[^1]);
                }
            }
            else if (isAffinity)
            {
                foreach (Match match in AffinityElement().Matches(line.ToString()))
                {
                    affinities.Add(new RuleElement(RuleNames.Affinity, match.Groups[1].Value, match.Groups[2].Value));
                }
            }
        }

        return new RuleListing(chains, filled, sets, affinities);
    }

    [GeneratedRegex("^\t(chain|map|set) (" + RuleNames.Prefix + @"[-\w]+) \{")]
    private static partial Regex Block();

    [GeneratedRegex(@"([\d.]+ \. [\d.]+ \. \w+ \. \d+) (?:timeout \S+ )?(?:expires \S+ )?: ([\d.]+ \. \d+)")]
    private static partial Regex AffinityElement();
}
