using Coxswain.Store;
using Xunit;

namespace Coxswain.Testing.Store;

public abstract partial class StoreContractTests
{
    [Fact]
    public async Task List_ByPrefix_IsInOrdinalOrder()
    {
        var store = await NewAsync();
        string[] keys = ["/pods/a", "/pods/B", "/pods/a/x", "/pods-other", "/pods", "/podt", "/pods/\u00e9", "/pods/z"];
        foreach (var key in keys)
        {
            await PutAsync(store, key, "1");
        }

        Assert.Equal(["/pods/B", "/pods/a", "/pods/a/x", "/pods/z", "/pods/\u00e9"], await KeysAsync(store, "/pods/"));
        Assert.Equal(["/pods", "/pods-other"], (await KeysAsync(store, "/pods"))[..2]);
        Assert.Equal(8, (await KeysAsync(store, "")).Length);
        Assert.Empty(await KeysAsync(store, "/pods/zz"));
    }

    [Fact]
    public async Task List_PrefixOfGreatestCharacters_HasNoEnd()
    {
        var store = await NewAsync();
        foreach (var key in new[] { "a", "\uffff", "\uffff\uffff", "\uffffb", "b\uffff", "b\uffffc", "c" })
        {
            await PutAsync(store, key, "1");
        }

        Assert.Equal(["\uffff", "\uffffb", "\uffff\uffff"], await KeysAsync(store, "\uffff"));
        Assert.Equal(["b\uffff", "b\uffffc"], await KeysAsync(store, "b\uffff"));
    }

    [Fact]
    public async Task List_ByPages_CountsWhatRemains()
    {
        var store = await NewAsync();
        for (var i = 0; i < 10; i++)
        {
            await PutAsync(store, $"k{i}", "1");
        }

        await PutAsync(store, "l", "1");
        var first = await store.ListAsync(new ListQuery("k", Limit: 4), Deadline);
        Assert.Equal(["k0", "k1", "k2", "k3"], first.Entries.Select(e => e.Key));
        Assert.Equal(6, first.RemainingCount);
        var last = await store.ListAsync(new ListQuery("k", "k3", 6, first.Revision), Deadline);
        Assert.Equal(["k4", "k5", "k6", "k7", "k8", "k9"], last.Entries.Select(e => e.Key));
        Assert.Equal(0, last.RemainingCount);
        Assert.Empty((await store.ListAsync(new ListQuery("k", "k9", 6), Deadline)).Entries);
        Assert.Equal("k4", (await store.ListAsync(new ListQuery("k", "k3x", 1), Deadline)).Entries[0].Key);
        Assert.Equal("k0", (await store.ListAsync(new ListQuery("k", "a", 1), Deadline)).Entries[0].Key);
        Assert.Empty((await store.ListAsync(new ListQuery("k", "z", 1), Deadline)).Entries);
    }

    [Fact]
    public async Task List_PagesWhileOthersWrite_ReadOneSnapshot()
    {
        var store = await NewAsync();
        for (var i = 0; i < 300; i++)
        {
            await PutAsync(store, $"k{i:000}", "before");
        }

        var revision = await store.GetRevisionAsync(Deadline);
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(Deadline);
        var writing = Task.Run(async () =>
        {
            for (var i = 0; !stop.IsCancellationRequested; i++)
            {
                await PutAsync(store, $"k{i % 450:000}", "after");
                await DeleteAsync(store, $"k{(i * 7) % 450:000}");
            }
        });

        for (var round = 0; round < 5; round++)
        {
            var page = new ListResult(ReadOutcome.Ok, [], 0, 1);
            var entries = new List<StoreEntry>();
            while (page.RemainingCount > 0)
            {
                page = await store.ListAsync(new ListQuery("k", entries.LastOrDefault()?.Key, 7, revision), Deadline);
                Assert.Equal((ReadOutcome.Ok, revision), (page.Outcome, page.Revision));
                entries.AddRange(page.Entries);
            }

            Assert.Equal(Enumerable.Range(0, 300).Select(i => $"k{i:000}"), entries.Select(e => e.Key));
            Assert.All(entries, entry => Assert.Equal("before", Text(entry)));
        }

        await stop.CancelAsync();
        await writing;
    }

    [Fact]
    public async Task List_OldRevision_ShowsItAsItWas()
    {
        var store = await NewAsync();
        var at = await WriteAllAsync(store, ("a", "1"), ("b", "1"), ("a", "2"), ("b", null));
        Assert.Equal(["a=1"], await ContentAsync(store, at[0]));
        Assert.Equal(["a=1", "b=1"], await ContentAsync(store, at[1]));
        Assert.Equal(["a=2", "b=1"], await ContentAsync(store, at[2]));
        Assert.Equal(["a=2"], await ContentAsync(store, at[3]));
    }

    [Fact]
    public async Task List_AnyNumberUpToTheNewest_ShowsTheNewestWriteUpToIt()
    {
        // Also the numbers that no write got, and over several segments of the log.
        var store = await NewAsync();
        var start = await store.GetRevisionAsync(Deadline);
        var at = await CountAsync(store, "a", 2_500);
        var written = 0;
        for (var revision = Math.Max(start, 1); revision <= at[^1]; revision++)
        {
            written += written < at.Length && at[written] == revision ? 1 : 0;
            var list = await store.ListAsync(new ListQuery("a", Revision: revision), Deadline);
            Assert.Equal((ReadOutcome.Ok, revision), (list.Outcome, list.Revision));
            Assert.Equal(written == 0 ? [] : [$"{written}"], list.Entries.Select(Text));
        }
    }

    [Fact]
    public async Task List_Future_SaysSoWithTheNewestRevision()
    {
        var store = await NewAsync();
        var newest = (await PutAsync(store, "a", "1")).Revision;
        var list = await store.ListAsync(new ListQuery("", Revision: newest + 1), Deadline);
        Assert.Equal((ReadOutcome.Future, newest), (list.Outcome, list.Revision));
        Assert.Empty(list.Entries);
    }

    [Fact]
    public async Task List_Compacted_SaysSoWithTheNewestRevision()
    {
        var store = await NewAsync();
        var at = await CountAsync(store, "a", 5);
        await store.CompactAsync(at[2], Deadline);
        var list = await store.ListAsync(new ListQuery("", Revision: at[1]), Deadline);
        Assert.Equal((ReadOutcome.Compacted, at[4]), (list.Outcome, list.Revision));
        Assert.Empty(list.Entries);
        Assert.Equal(["a=3"], await ContentAsync(store, at[2]));
        Assert.Equal(["a=5"], await ContentAsync(store, 0));
    }

    [Fact]
    public async Task Compact_BeyondNewest_LeavesTheNewest()
    {
        var store = await NewAsync();
        var at = await WriteAllAsync(store, ("a", "1"), ("b", "1"));
        await store.CompactAsync(at[1] + 100, Deadline);
        Assert.Equal(["a=1", "b=1"], await ContentAsync(store, at[1]));
        Assert.Equal(WriteOutcome.Committed, (await PutAsync(store, "a", "2", expected: at[0])).Outcome);
        Assert.Equal(["a=1", "b=1"], await ContentAsync(store, at[1]));
    }

    [Fact]
    public async Task Compact_Backwards_ChangesNothing()
    {
        var store = await NewAsync();
        var at = await CountAsync(store, "a", 5);
        await store.CompactAsync(at[3], Deadline);
        await store.CompactAsync(at[1], Deadline);
        Assert.Equal(
            ReadOutcome.Compacted, (await store.ListAsync(new ListQuery("", Revision: at[2]), Deadline)).Outcome);
        Assert.Equal(["a=4"], await ContentAsync(store, at[3]));
    }

    private async Task<string[]> KeysAsync(IStore store, string prefix) =>
        [.. (await store.ListAsync(new ListQuery(prefix), Deadline)).Entries.Select(entry => entry.Key)];

    private async Task<string[]> ContentAsync(IStore store, long revision)
    {
        var list = await store.ListAsync(new ListQuery("", Revision: revision), Deadline);
        Assert.Equal(ReadOutcome.Ok, list.Outcome);
        return [.. list.Entries.Select(entry => $"{entry.Key}={Text(entry)}")];
    }
}
