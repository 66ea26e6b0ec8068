namespace Coxswain.Store.Tree;

/// <summary>Entries in key order.</summary>
internal sealed class TreeLeaf(StoreEntry[] entries) : TreeNode
{
    public override int Count => entries.Length;

    public override int Slots => entries.Length;

    public override string FirstKey => entries[0].Key;

    public override StoreEntry? Find(string key)
    {
        var at = IndexOf(key);
        return at >= 0 ? entries[at] : null;
    }

    public override int Rank(string key, bool inclusive)
    {
        var at = IndexOf(key);
        return at < 0 ? ~at : inclusive ? at + 1 : at;
    }

    public override TreeSplit Put(StoreEntry entry)
    {
        var at = IndexOf(entry.Key);
        if (at >= 0)
        {
            var replaced = entries.AsSpan().ToArray();
            replaced[at] = entry;
            return new TreeSplit(new TreeLeaf(replaced));
        }

        var grown = new StoreEntry[entries.Length + 1];
        entries.AsSpan(0, ~at).CopyTo(grown);
        grown[~at] = entry;
        entries.AsSpan(~at).CopyTo(grown.AsSpan(~at + 1));
        if (grown.Length <= Width)
        {
            return new TreeSplit(new TreeLeaf(grown));
        }

        // Keys that arrive in order leave full leaves behind, not half-full ones.
        var half = ~at == entries.Length ? Width : grown.Length / 2;
        var right = new TreeLeaf(grown[half..]);
        return new TreeSplit(new TreeLeaf(grown[..half]), right, right.FirstKey);
    }

    public override TreeNode? Remove(string key)
    {
        var at = IndexOf(key);
        if (at < 0)
        {
            return this;
        }

        if (entries.Length == 1)
        {
            return null;
        }

        var shrunk = new StoreEntry[entries.Length - 1];
        entries.AsSpan(0, at).CopyTo(shrunk);
        entries.AsSpan(at + 1).CopyTo(shrunk.AsSpan(at));
        return new TreeLeaf(shrunk);
    }

    public override TreeNode Join(TreeNode right, string rightLow) =>
        new TreeLeaf([.. entries, .. ((TreeLeaf)right).Entries]);

    public override void CopyTo(int start, Span<StoreEntry> target) =>
        entries.AsSpan(start, target.Length).CopyTo(target);

    private StoreEntry[] Entries => entries;

    private int IndexOf(string key)
    {
        int low = 0, high = entries.Length - 1;
        while (low <= high)
        {
            var middle = (low + high) >>> 1;
            var order = string.CompareOrdinal(entries[middle].Key, key);
            if (order == 0)
            {
                return middle;
            }

            if (order < 0)
            {
                low = middle + 1;
            }
            else
            {
                high = middle - 1;
            }
        }

        return ~low;
    }
}
