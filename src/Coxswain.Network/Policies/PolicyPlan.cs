namespace Coxswain.Network.Policies;

/// <summary>The chains, sets and maps that all policies together want, besides those every table has.</summary>
/// <param name="Chains">The rules of each, in nft's words.</param>
/// <param name="Sets">Also maps.</param>
internal sealed record PolicyPlan(
    IReadOnlyDictionary<string, IReadOnlyList<string>> Chains, IReadOnlyDictionary<string, PolicySet> Sets)
{
    public static readonly PolicyPlan Empty = new(
        new Dictionary<string, IReadOnlyList<string>>(),
        PolicyNames.Fixed.ToDictionary(entry => entry.Key, entry => new PolicySet(entry.Value, new HashSet<string>()), StringComparer.Ordinal));

    public bool IsSameAs(PolicyPlan other) =>
        Chains.Count == other.Chains.Count
        && Sets.Count == other.Sets.Count
        && Chains.All(chain => other.Chains.TryGetValue(chain.Key, out var rules) && rules.SequenceEqual(chain.Value))
        && Sets.All(set => other.Sets.TryGetValue(set.Key, out var there) && there.Elements.SetEquals(set.Value.Elements));
}

/// <param name="Definition">What nft wants between the braces of <c>add set</c> or <c>add map</c>.</param>
/// <param name="Elements">Of a map with their values, as <c>key : value</c>.</param>
internal sealed record PolicySet(string Definition, IReadOnlySet<string> Elements)
{
    /// <summary>The kernel calls a set with values a map.</summary>
    public string Keyword => Definition.Contains(" : ", StringComparison.Ordinal) ? "map" : "set";
}
