namespace Coxswain.Store.Tree;

/// <summary>
/// A sorted map of entries as a copy-on-write B-tree: every version is immutable and may be read without a lock for
/// as long as anyone likes; versions share what did not change. Knows the rank of a key, so a page and the number of
/// keys behind it cost no scan.
/// </summary>
internal sealed class EntryTree
{
    public static readonly EntryTree Empty = new(null);

    private readonly TreeNode? _root;

    private EntryTree(TreeNode? root) => _root = root;

    public int Count => _root?.Count ?? 0;

    /// <summary>Builds full nodes level by level; for recovery, where one put a time would be 20 times the work.</summary>
    public static EntryTree FromSorted(ReadOnlySpan<StoreEntry> entries)
    {
        if (entries.IsEmpty)
        {
            return Empty;
        }

        var level = new List<TreeNode>();
        while (!entries.IsEmpty)
        {
            var taken = Math.Min(TreeNode.Width, entries.Length);
            level.Add(new TreeLeaf(entries[..taken].ToArray()));
            entries = entries[taken..];
        }

        while (level.Count > 1)
        {
            level = [.. level.Chunk(TreeNode.Width).Select(TreeNode (children) =>
                new TreeBranch([.. children.Select(child => child.FirstKey)], children))];
        }

        return new EntryTree(level[0]);
    }

    public StoreEntry? Find(string key) => _root?.Find(key);

    public EntryTree Put(StoreEntry entry)
    {
        if (_root is null)
        {
            return new EntryTree(new TreeLeaf([entry]));
        }

        var (left, right, rightLow) = _root.Put(entry);
        return new EntryTree(right is null ? left : new TreeBranch([string.Empty, rightLow!], [left, right]));
    }

    public EntryTree Remove(string key)
    {
        var root = _root?.Remove(key);
        if (ReferenceEquals(root, _root))
        {
            return this;
        }

        while (root is TreeBranch { OnlyChild: { } child })
        {
            root = child;
        }

        return root is null ? Empty : new EntryTree(root);
    }

    /// <summary>A page of the keys that begin with a prefix, and how many of them follow the page.</summary>
    public TreePage Page(string prefix, string? startAfter, int limit)
    {
        if (_root is null)
        {
            return new TreePage([], 0);
        }

        var start = prefix.Length == 0 ? 0 : _root.Rank(prefix, inclusive: false);
        if (startAfter is not null)
        {
            start = Math.Max(start, _root.Rank(startAfter, inclusive: true));
        }

        var end = EndOf(prefix) is { } bound ? _root.Rank(bound, inclusive: false) : _root.Count;
        if (start >= end)
        {
            return new TreePage([], 0);
        }

        var taken = limit > 0 ? Math.Min(limit, end - start) : end - start;
        var entries = new StoreEntry[taken];
        _root.CopyTo(start, entries);
        return new TreePage(entries, end - start - taken);
    }

    /// <summary>The smallest string greater than every string with this prefix; null when there is none.</summary>
    private static string? EndOf(string prefix)
    {
        var length = prefix.Length;
        while (length > 0 && prefix[length - 1] == char.MaxValue)
        {
            length--;
        }

        return length == 0 ? null : string.Concat(prefix.AsSpan(0, length - 1), [(char)(prefix[length - 1] + 1)]);
    }
}
