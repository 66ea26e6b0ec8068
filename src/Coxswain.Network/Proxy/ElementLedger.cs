using Coxswain.Client;

namespace Coxswain.Network.Proxy;

/// <summary>
/// Which Service wants which elements, and which are in the kernel. Two Services may claim the same element (a pod behind
/// both, or one external address twice): the first by name has it, and the next takes over when it lets go.
/// </summary>
internal sealed class ElementLedger
{
    private readonly Dictionary<RuleElementKey, List<(NamespacedName Owner, string Value)>> _claims = [];
    private readonly Dictionary<RuleElementKey, string> _applied = [];
    private readonly HashSet<RuleElementKey> _touched = [];

    /// <summary>Replaces what one Service claims.</summary>
    public void Replace(NamespacedName owner, IReadOnlyList<RuleElement> before, IReadOnlyList<RuleElement> after)
    {
        var added = new HashSet<RuleElement>(after);
        foreach (var element in before)
        {
            if (!added.Remove(element))
            {
                Release(owner, element);
            }
        }

        foreach (var element in added)
        {
            Claim(owner, element);
        }
    }

    /// <summary>What must change in the kernel for it to hold what is claimed.</summary>
    public RuleChanges Changes()
    {
        var removed = new List<RuleElement>();
        var added = new List<RuleElement>();
        foreach (var key in _touched)
        {
            var wanted = _claims.TryGetValue(key, out var claims) ? claims[0].Value : null;
            var applied = _applied.GetValueOrDefault(key);
            if (wanted == applied)
            {
                continue;
            }

            if (applied is not null)
            {
                removed.Add(new RuleElement(key.Set, key.Key, applied));
            }

            if (wanted is not null)
            {
                added.Add(new RuleElement(key.Set, key.Key, wanted));
            }
        }

        return RuleChanges.Sorted(removed, added);
    }

    /// <summary>All that is claimed, for rules made from nothing.</summary>
    public RuleChanges Everything() =>
        RuleChanges.Sorted([], _claims.Select(claim => new RuleElement(claim.Key.Set, claim.Key.Key, claim.Value[0].Value)));

    /// <summary>What a front leads to in the kernel, slot by slot.</summary>
    public IReadOnlyCollection<string> EndpointsOf(string front)
    {
        var endpoints = new List<string>();
        while (_applied.TryGetValue(new RuleElementKey(RuleNames.Endpoints(endpoints.Count), front), out var endpoint))
        {
            endpoints.Add(endpoint);
        }

        return endpoints;
    }

    /// <summary>The kernel took all changes.</summary>
    public void Commit(RuleChanges changes)
    {
        foreach (var element in changes.Removed)
        {
            _applied.Remove(new RuleElementKey(element.Set, element.Key));
        }

        foreach (var element in changes.Added)
        {
            _applied[new RuleElementKey(element.Set, element.Key)] = element.Value;
        }

        _touched.Clear();
    }

    /// <summary>The kernel holds nothing (or nobody knows what).</summary>
    public void Forget() => _applied.Clear();

    private void Claim(NamespacedName owner, RuleElement element)
    {
        var key = new RuleElementKey(element.Set, element.Key);
        if (!_claims.TryGetValue(key, out var claims))
        {
            _claims.Add(key, claims = new(1));
        }

        var at = claims.FindIndex(claim => Compare(claim.Owner, owner) > 0);
        claims.Insert(at < 0 ? claims.Count : at, (owner, element.Value));
        _touched.Add(key);
    }

    private void Release(NamespacedName owner, RuleElement element)
    {
        var key = new RuleElementKey(element.Set, element.Key);
        var claims = _claims[key];
        claims.Remove((owner, element.Value));
        if (claims.Count == 0)
        {
            _claims.Remove(key);
        }

        _touched.Add(key);
    }

    private static int Compare(NamespacedName left, NamespacedName right)
    {
        var byNamespace = string.CompareOrdinal(left.Namespace, right.Namespace);
        return byNamespace != 0 ? byNamespace : string.CompareOrdinal(left.Name, right.Name);
    }
}
