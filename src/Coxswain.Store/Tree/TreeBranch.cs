namespace Coxswain.Store.Tree;

/// <summary>
/// Children in key order. <c>lows[i]</c> is a lower bound of child i and greater than every key of child i-1;
/// <c>lows[0]</c> is never looked at.
/// </summary>
internal sealed class TreeBranch : TreeNode
{
    private readonly string[] _lows;
    private readonly TreeNode[] _children;

    public TreeBranch(string[] lows, TreeNode[] children)
    {
        _lows = lows;
        _children = children;
        foreach (var child in children)
        {
            Count += child.Count;
        }
    }

    public override int Count { get; }

    public override int Slots => _children.Length;

    public override string FirstKey => _children[0].FirstKey;

    /// <summary>The child that stands for the whole branch when there is only one.</summary>
    public TreeNode? OnlyChild => _children.Length == 1 ? _children[0] : null;

    public override StoreEntry? Find(string key) => _children[ChildOf(key)].Find(key);

    public override int Rank(string key, bool inclusive)
    {
        var at = ChildOf(key);
        var rank = _children[at].Rank(key, inclusive);
        for (var i = 0; i < at; i++)
        {
            rank += _children[i].Count;
        }

        return rank;
    }

    public override TreeSplit Put(StoreEntry entry)
    {
        var at = ChildOf(entry.Key);
        var (left, right, rightLow) = _children[at].Put(entry);
        if (right is null)
        {
            return new TreeSplit(WithChild(at, left));
        }

        string[] lows = [.. _lows[..(at + 1)], rightLow!, .. _lows[(at + 1)..]];
        TreeNode[] children = [.. _children[..at], left, right, .. _children[(at + 1)..]];
        if (children.Length <= Width)
        {
            return new TreeSplit(new TreeBranch(lows, children));
        }

        var half = at == _children.Length - 1 ? Width : children.Length / 2;
        return new TreeSplit(
            new TreeBranch(lows[..half], children[..half]),
            new TreeBranch(lows[half..], children[half..]),
            lows[half]);
    }

    public override TreeNode? Remove(string key)
    {
        var at = ChildOf(key);
        var child = _children[at].Remove(key);
        if (ReferenceEquals(child, _children[at]))
        {
            return this;
        }

        if (child is null)
        {
            return _children.Length == 1 ? null : Without(at, null);
        }

        if (child.Slots >= Sparse || _children.Length == 1)
        {
            return WithChild(at, child);
        }

        // A join puts both children into the left one's place.
        var (left, leftNode, rightNode) = at > 0
            ? (at - 1, _children[at - 1], child)
            : (at, child, _children[at + 1]);
        return leftNode.Slots + rightNode.Slots <= JoinedMost
            ? Without(left + 1, leftNode.Join(rightNode, _lows[left + 1]))
            : WithChild(at, child);
    }

    public override TreeNode Join(TreeNode right, string rightLow)
    {
        var other = (TreeBranch)right;
        return new TreeBranch([.. _lows, rightLow, .. other._lows[1..]], [.. _children, .. other._children]);
    }

    public override void CopyTo(int start, Span<StoreEntry> target)
    {
        for (var i = 0; i < _children.Length && target.Length > 0; i++)
        {
            var child = _children[i];
            if (start >= child.Count)
            {
                start -= child.Count;
                continue;
            }

            var taken = Math.Min(child.Count - start, target.Length);
            child.CopyTo(start, target[..taken]);
            target = target[taken..];
            start = 0;
        }
    }

    private TreeBranch WithChild(int at, TreeNode child)
    {
        var children = _children.AsSpan().ToArray();
        children[at] = child;
        return new TreeBranch(_lows, children);
    }

    /// <summary>Without the child at a position; what it was joined into, if anything, takes the place before it.</summary>
    private TreeBranch Without(int at, TreeNode? joined)
    {
        TreeNode[] children = [.. _children[..at], .. _children[(at + 1)..]];
        if (joined is not null)
        {
            children[at - 1] = joined;
        }

        return new TreeBranch([.. _lows[..at], .. _lows[(at + 1)..]], children);
    }

    private int ChildOf(string key)
    {
        int low = 1, high = _lows.Length - 1;
        while (low <= high)
        {
            var middle = (low + high) >>> 1;
            if (string.CompareOrdinal(_lows[middle], key) <= 0)
            {
                low = middle + 1;
            }
            else
            {
                high = middle - 1;
            }
        }

        return low - 1;
    }
}
