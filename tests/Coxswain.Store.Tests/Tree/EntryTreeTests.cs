using Coxswain.Store.Tree;

namespace Coxswain.Store.Tests.Tree;

public sealed class EntryTreeTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void PutAndRemove_ManyKeys_StaysLikeASortedDictionary(int seed)
    {
        var random = new Random(seed);
        var model = new SortedDictionary<string, StoreEntry>(StringComparer.Ordinal);
        var tree = EntryTree.Empty;
        var versions = new List<(EntryTree Tree, StoreEntry[] Entries)>();

        // Grows to three levels, then shrinks to nothing.
        for (var i = 0; i < 30_000; i++)
        {
            var key = $"{random.Next(12_000)}";
            if (random.Next(30_000) >= i)
            {
                var entry = new StoreEntry(key, default, i, i);
                (model[key], tree) = (entry, tree.Put(entry));
            }
            else
            {
                model.Remove(key);
                tree = tree.Remove(key);
            }

            if (i % 3_000 == 0)
            {
                versions.Add((tree, [.. model.Values]));
            }
        }

        versions.Add((tree, [.. model.Values]));
        foreach (var (version, entries) in versions)
        {
            AssertSame(entries, version);
        }

        foreach (var key in model.Keys.ToArray())
        {
            tree = tree.Remove(key);
        }

        Assert.Same(EntryTree.Empty, tree);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(64)]
    [InlineData(65)]
    [InlineData(5_000)]
    public void FromSorted_AnyCount_HoldsThemAndCanBeChanged(int count)
    {
        StoreEntry[] entries = [.. Enumerable.Range(0, count).Select(i => new StoreEntry($"{i:00000}", default, i, i))];
        var tree = EntryTree.FromSorted(entries);
        AssertSame(entries, tree);
        var added = new StoreEntry("00000+", default, 9, 9);
        Assert.Same(added, tree.Put(added).Find("00000+"));
        Assert.Equal(count, tree.Count);
    }

    [Fact]
    public void Remove_Missing_IsTheSameTree()
    {
        var tree = EntryTree.Empty.Put(new StoreEntry("a", default, 1, 1));
        Assert.Same(tree, tree.Remove("b"));
    }

    private static void AssertSame(StoreEntry[] entries, EntryTree tree)
    {
        Assert.Equal(entries.Length, tree.Count);
        Assert.Equal(entries, tree.Page("", null, 0).Entries);
        foreach (var entry in entries)
        {
            Assert.Same(entry, tree.Find(entry.Key));
        }

        foreach (var prefix in new[] { "1", "11", "117", "9", "99", "x" })
        {
            StoreEntry[] expected = [.. entries.Where(e => e.Key.StartsWith(prefix, StringComparison.Ordinal))];
            var found = new List<StoreEntry>();
            TreePage page;
            do
            {
                page = tree.Page(prefix, found.LastOrDefault()?.Key, 7);
                found.AddRange(page.Entries);
                Assert.Equal(expected.Length - found.Count, page.Remaining);
            }
            while (page.Remaining > 0);

            Assert.Equal(expected, found);
        }
    }
}
