namespace Coxswain.Store.Watch;

/// <summary>
/// Finds the groups whose prefix a key begins with. Every caller holds the owner's lock.
/// </summary>
/// <remarks>
/// Prefixes are kept sorted. Of all prefixes not greater than the key, the greatest is either a prefix of the key or
/// shares with the key its own longest matching ancestor; so one binary search and a walk up the parents find them all,
/// whatever the number of watchers.
/// </remarks>
internal sealed class WatchIndex
{
    private readonly List<WatchGroup> _groups = [];
    private bool _parentsAreKnown = true;

    public IReadOnlyList<WatchGroup> Groups => _groups;

    public WatchGroup? Find(string prefix)
    {
        var at = GreatestUpTo(prefix);
        return at >= 0 && _groups[at].Prefix == prefix ? _groups[at] : null;
    }

    public void Add(WatchGroup group)
    {
        _groups.Insert(GreatestUpTo(group.Prefix) + 1, group);
        _parentsAreKnown = false;
    }

    public void Remove(WatchGroup group)
    {
        _groups.RemoveAt(GreatestUpTo(group.Prefix));
        _parentsAreKnown = false;
    }

    /// <summary>The group with the longest prefix the key begins with; its parents are all the others.</summary>
    public WatchGroup? Longest(string key)
    {
        if (!_parentsAreKnown)
        {
            FindParents();
        }

        var at = GreatestUpTo(key);
        var group = at < 0 ? null : _groups[at];
        while (group is not null && !key.StartsWith(group.Prefix, StringComparison.Ordinal))
        {
            group = group.Parent;
        }

        return group;
    }

    /// <summary>Done late, at the next write: a thousand watches opened in a row cost it once.</summary>
    private void FindParents()
    {
        WatchGroup? before = null;
        foreach (var group in _groups)
        {
            var parent = before;
            while (parent is not null && !group.Prefix.StartsWith(parent.Prefix, StringComparison.Ordinal))
            {
                parent = parent.Parent;
            }

            group.Parent = parent;
            before = group;
        }

        _parentsAreKnown = true;
    }

    private int GreatestUpTo(string key)
    {
        int low = 0, high = _groups.Count - 1;
        while (low <= high)
        {
            var middle = (low + high) >>> 1;
            if (string.CompareOrdinal(_groups[middle].Prefix, key) <= 0)
            {
                low = middle + 1;
            }
            else
            {
                high = middle - 1;
            }
        }

        return high;
    }
}
