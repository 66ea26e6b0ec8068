namespace Coxswain.Store.Tree;

/// <summary>One immutable node of an <see cref="EntryTree"/>. A change makes new nodes along one path and shares the rest.</summary>
internal abstract class TreeNode
{
    /// <summary>
    /// Slots of a node. A write copies about one node per level (512 bytes of references each), a read compares
    /// six keys per level; 64 keeps 100,000 keys within three levels.
    /// </summary>
    public const int Width = 64;

    /// <summary>A node with fewer slots joins a neighbour if both fit into <see cref="JoinedMost"/>.</summary>
    public const int Sparse = Width / 4;

    /// <summary>Below <see cref="Width"/>, so that a key added and removed again does not split and join each time.</summary>
    public const int JoinedMost = Width * 3 / 4;

    /// <summary>How many entries lie below.</summary>
    public abstract int Count { get; }

    public abstract int Slots { get; }

    public abstract StoreEntry? Find(string key);

    /// <summary>How many keys are less than <paramref name="key"/>; with <paramref name="inclusive"/>, less or equal.</summary>
    public abstract int Rank(string key, bool inclusive);

    /// <summary>Puts the entry; a node that outgrows its width answers with a right half.</summary>
    public abstract TreeSplit Put(StoreEntry entry);

    /// <summary>Without the key: the same node if it was not there, null if nothing is left.</summary>
    public abstract TreeNode? Remove(string key);

    /// <summary>This node and its right neighbour of the same level as one.</summary>
    public abstract TreeNode Join(TreeNode right, string rightLow);

    /// <summary>Copies entries from position <paramref name="start"/> on, until <paramref name="target"/> is full.</summary>
    public abstract void CopyTo(int start, Span<StoreEntry> target);

    /// <summary>The smallest key below.</summary>
    public abstract string FirstKey { get; }
}
