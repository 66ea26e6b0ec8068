namespace Coxswain.Network.Proxy;

/// <summary>Elements to take out and then to put in. An element with another value is in both.</summary>
internal sealed record RuleChanges(IReadOnlyList<RuleElement> Removed, IReadOnlyList<RuleElement> Added)
{
    public bool IsEmpty => Removed.Count == 0 && Added.Count == 0;

    /// <summary>Some endpoint is gone that clients may be bound to.</summary>
    public bool RemovesAffinityEndpoints => Removed.Any(element => element.Set == RuleNames.AffinityEndpoints);

    public static RuleChanges Sorted(IEnumerable<RuleElement> removed, IEnumerable<RuleElement> added) =>
        new(Sort(removed), Sort(added));

    private static List<RuleElement> Sort(IEnumerable<RuleElement> elements)
    {
        var sorted = elements.ToList();
        sorted.Sort(static (left, right) =>
        {
            var bySet = string.CompareOrdinal(left.Set, right.Set);
            return bySet != 0 ? bySet : string.CompareOrdinal(left.Key, right.Key);
        });
        return sorted;
    }
}
