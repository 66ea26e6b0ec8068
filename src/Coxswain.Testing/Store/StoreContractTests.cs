using System.Collections.Concurrent;
using System.Text;
using Coxswain.Store;
using Xunit;

namespace Coxswain.Testing.Store;

/// <summary>
/// What every home of <see cref="IStore"/> promises: reading and writing here, watching, following and compaction in the
/// other parts. A home inherits it once and says how to open an empty store; no test counts on the number of a revision,
/// so a home that skips some passes as well.
/// </summary>
public abstract partial class StoreContractTests : IAsyncLifetime
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private readonly CancellationTokenSource _deadline = new(Patience, TimeProvider.System);
    private readonly List<IStore> _opened = [];

    /// <summary>The revision of the store while it was empty.</summary>
    private long _start;

    /// <summary>Generous limits: nothing is compacted unless a test asks for it.</summary>
    protected static StoreOptions Options { get; } = new();

    /// <summary>For a home that skips numbers: most writes get the next one, some leave one to thirty out.</summary>
    protected static long SkipSome(long newest) =>
        newest + (newest % 5 == 3 ? 2 : newest % 7 == 2 ? 31 : 1);

    private CancellationToken Deadline => _deadline.Token;

    /// <summary>A new, empty store. The contract disposes it.</summary>
    protected abstract Task<IStore> OpenAsync();

    public Task InitializeAsync() => Task.CompletedTask;

    public virtual async Task DisposeAsync()
    {
        foreach (var store in _opened)
        {
            await store.DisposeAsync();
        }

        _deadline.Dispose();
    }

    [Fact]
    public async Task Revision_EmptyStore_IsThatOfItsEmptyList()
    {
        var store = await NewAsync();
        var revision = await store.GetRevisionAsync(Deadline);
        Assert.True(revision >= 0);
        Assert.Null(await store.GetAsync("a", Deadline));
        var list = await store.ListAsync(new ListQuery(""), Deadline);
        Assert.Equal((ReadOutcome.Ok, revision, 0L), (list.Outcome, list.Revision, list.RemainingCount));
        Assert.Empty(list.Entries);
    }

    [Fact]
    public async Task Write_NewKey_IsReadBack()
    {
        var store = await NewAsync();
        var before = await store.GetRevisionAsync(Deadline);
        var result = await PutAsync(store, "a", "1", expected: 0);
        Assert.Equal(WriteOutcome.Committed, result.Outcome);
        var written = result.Revision;
        Assert.True(written > before);
        var entry = await store.GetAsync("a", Deadline);
        Assert.NotNull(entry);
        Assert.Equal(("a", "1", written, written), (entry.Key, Text(entry), entry.CreateRevision, entry.ModRevision));
        Assert.Equal(written, await store.GetRevisionAsync(Deadline));
    }

    [Fact]
    public async Task Write_Update_KeepsCreateRevision()
    {
        var store = await NewAsync();
        var created = (await PutAsync(store, "a", "1")).Revision;
        var other = (await PutAsync(store, "b", "1")).Revision;
        var result = await PutAsync(store, "a", "2", expected: created);
        Assert.Equal(WriteOutcome.Committed, result.Outcome);
        Assert.True(created < other && other < result.Revision);
        Assert.Equal((created, result.Revision), (result.Entry!.CreateRevision, result.Entry.ModRevision));
    }

    [Fact]
    public async Task Write_SameValueAgain_IsANewRevision()
    {
        var store = await NewAsync();
        var first = await PutAsync(store, "a", "1");
        Assert.True((await PutAsync(store, "a", "1")).Revision > first.Revision);
    }

    [Fact]
    public async Task Write_CreateOfExisting_ConflictsAndShowsIt()
    {
        var store = await NewAsync();
        var newest = (await PutAsync(store, "a", "1")).Revision;
        var result = await PutAsync(store, "a", "2", expected: 0);
        Assert.Equal((WriteOutcome.Conflict, newest), (result.Outcome, result.Revision));
        Assert.Equal("1", Text(result.Entry!));
        Assert.Equal("1", Text((await store.GetAsync("a", Deadline))!));
    }

    [Fact]
    public async Task Write_UpdateOfMissing_ConflictsWithNothing()
    {
        var store = await NewAsync();
        var newest = (await PutAsync(store, "b", "1")).Revision;
        var result = await PutAsync(store, "a", "2", expected: newest);
        Assert.Equal(new WriteResult(WriteOutcome.Conflict, null, newest), result);
        Assert.Equal(newest, await store.GetRevisionAsync(Deadline));
    }

    [Fact]
    public async Task Delete_Existing_ReturnsWhatWasDeleted()
    {
        var store = await NewAsync();
        var created = (await PutAsync(store, "a", "1")).Revision;
        var result = await DeleteAsync(store, "a", expected: created);
        Assert.Equal(WriteOutcome.Committed, result.Outcome);
        Assert.True(result.Revision > created);
        Assert.Equal(result.Revision, await store.GetRevisionAsync(Deadline));
        Assert.Equal("1", Text(result.Entry!));
        Assert.Null(await store.GetAsync("a", Deadline));
    }

    [Fact]
    public async Task Delete_Missing_ChangesNothing()
    {
        var store = await NewAsync();
        var newest = (await PutAsync(store, "b", "1")).Revision;
        Assert.Equal(new WriteResult(WriteOutcome.Committed, null, newest), await DeleteAsync(store, "a"));
        Assert.Equal(newest, await store.GetRevisionAsync(Deadline));
    }

    [Fact]
    public async Task Delete_StaleRevision_Conflicts()
    {
        var store = await NewAsync();
        var stale = (await PutAsync(store, "a", "1")).Revision;
        await PutAsync(store, "a", "2");
        var result = await DeleteAsync(store, "a", expected: stale);
        Assert.Equal(WriteOutcome.Conflict, result.Outcome);
        Assert.Equal("2", Text(result.Entry!));
    }

    [Fact]
    public async Task Write_AfterDelete_IsCreatedAnew()
    {
        var store = await NewAsync();
        await PutAsync(store, "a", "1");
        await DeleteAsync(store, "a");
        var result = await PutAsync(store, "a", "2", expected: 0);
        var revision = result.Revision;
        Assert.Equal((revision, revision), (result.Entry!.CreateRevision, result.Entry.ModRevision));
    }

    [Fact]
    public async Task Write_EmptyValue_IsNotADeletion()
    {
        var store = await NewAsync();
        await PutAsync(store, "a", "");
        Assert.Equal(0, (await store.GetAsync("a", Deadline))!.Value.Length);
    }

    [Fact]
    public async Task Write_BadKey_Throws()
    {
        var store = await NewAsync();
        var before = await store.GetRevisionAsync(Deadline);
        foreach (var key in new[] { "", "half \ud800 pair", "end \udc00" })
        {
            await Assert.ThrowsAnyAsync<ArgumentException>(async () => await PutAsync(store, key, "1"));
        }

        Assert.Equal(before, await store.GetRevisionAsync(Deadline));
    }

    [Fact]
    public async Task Write_ManyWritersCountUp_NoneIsLost()
    {
        var store = await NewAsync();
        var revisions = new ConcurrentBag<long> { (await PutAsync(store, "counter", "0")).Revision };
        await Task.WhenAll(Enumerable.Range(0, 16).Select(_ => Task.Run(async () =>
        {
            for (var done = 0; done < 25;)
            {
                var current = (await store.GetAsync("counter", Deadline))!;
                var next = $"{int.Parse(Text(current)) + 1}";
                var result = await PutAsync(store, "counter", next, current.ModRevision);
                if (result.Outcome == WriteOutcome.Committed)
                {
                    done++;
                    revisions.Add(result.Revision);
                }
            }
        })));
        Assert.Equal("400", Text((await store.GetAsync("counter", Deadline))!));
        Assert.Equal(401, revisions.Distinct().Count());
        Assert.Equal(revisions.Max(), await store.GetRevisionAsync(Deadline));
    }

    [Fact]
    public async Task Write_ConcurrentAllocations_ConflictsLeadToDistinctNumbers()
    {
        // A stored object that says what is taken, changed by compare and swap: nothing is read again after a conflict.
        var store = await NewAsync();
        await PutAsync(store, "pool", "");
        var given = await Task.WhenAll(Enumerable.Range(0, 40).Select(async _ =>
        {
            var current = (await store.GetAsync("pool", Deadline))!;
            while (true)
            {
                var taken = Text(current);
                var result = await PutAsync(store, "pool", taken + "x", current.ModRevision);
                if (result.Outcome == WriteOutcome.Committed)
                {
                    return taken.Length;
                }

                Assert.True(result.Entry!.ModRevision > current.ModRevision);
                current = result.Entry;
            }
        }));
        Assert.Equal(Enumerable.Range(0, 40), given.Order());
    }

    [Fact]
    public async Task Write_ManyAtOnce_EachRevisionIsGivenOnce()
    {
        var store = await NewAsync();
        var results = await Task.WhenAll(Enumerable.Range(0, 500).Select(i => PutAsync(store, $"k{i}", $"{i}")));
        Assert.Equal(500, results.Select(r => r.Revision).Distinct().Count());
        var list = await store.ListAsync(new ListQuery("k"), Deadline);
        Assert.All(list.Entries, entry => Assert.Equal(entry.Key, $"k{Text(entry)}"));
        Assert.Equal(500, list.Entries.Count);
    }

    [Fact]
    public async Task Write_Completed_IsSeenByItsCallerAtOnce()
    {
        var store = await NewAsync();
        for (var i = 1; i <= 50; i++)
        {
            var written = await PutAsync(store, "a", $"{i}");
            Assert.Equal(written.Revision, await store.GetRevisionAsync(Deadline));
            Assert.Equal($"{i}", Text((await store.GetAsync("a", Deadline))!));
        }
    }

    [Fact]
    public async Task AnyCall_AlreadyCancelled_ThrowsAndWritesNothing()
    {
        var store = await NewAsync();
        var before = await store.GetRevisionAsync(Deadline);
        var cancelled = new CancellationToken(canceled: true);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(
            async () => await store.WriteAsync(new StoreWrite("a", Bytes("1"), null), cancelled));
        await Assert.ThrowsAnyAsync<OperationCanceledException>(
            async () => await store.ListAsync(new ListQuery(""), cancelled));
        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () => await store.FollowAsync("", cancelled));
        Assert.Equal(before, await store.GetRevisionAsync(Deadline));
    }

    [Fact]
    public async Task AnyCall_AfterDispose_Throws()
    {
        var store = await NewAsync();
        await PutAsync(store, "a", "1");
        await store.DisposeAsync();
        await Assert.ThrowsAsync<ObjectDisposedException>(async () => await PutAsync(store, "a", "2"));
        await Assert.ThrowsAsync<ObjectDisposedException>(async () => await store.GetAsync("a", Deadline));
        await Assert.ThrowsAsync<ObjectDisposedException>(async () => await store.ListAsync(new ListQuery(""), Deadline));
        await Assert.ThrowsAsync<ObjectDisposedException>(async () => await store.WatchAsync("", 0, Deadline));
        await Assert.ThrowsAsync<ObjectDisposedException>(async () => await store.FollowAsync("", Deadline));
        await Assert.ThrowsAsync<ObjectDisposedException>(async () => await store.CompactAsync(0, Deadline));
    }

    [Fact]
    public async Task Dispose_WhileWriting_EachWriteIsDoneOrRefused()
    {
        var store = await NewAsync();
        var writes = Enumerable.Range(0, 200).Select(i => PutAsync(store, $"k{i}", "1")).ToList();
        await store.DisposeAsync();
        foreach (var write in writes)
        {
            try
            {
                Assert.Equal(WriteOutcome.Committed, (await write).Outcome);
            }
            catch (ObjectDisposedException)
            {
            }
        }

        await store.DisposeAsync();
    }

    [Fact]
    public async Task Derive_ReadTwice_IsMadeOnceAndShared()
    {
        var store = await NewAsync();
        await PutAsync(store, "a", "1");
        var first = (await store.GetAsync("a", Deadline))!.Derive(entry => new StringBuilder(Text(entry)));
        var list = await store.ListAsync(new ListQuery("a"), Deadline);
        Assert.Same(first, list.Entries[0].Derive<StringBuilder>(_ => throw new InvalidOperationException()));
    }

    private async Task<IStore> NewAsync()
    {
        var store = await OpenAsync();
        _opened.Add(store);
        _start = await store.GetRevisionAsync(Deadline);
        return store;
    }

    private async Task<WriteResult> PutAsync(IStore store, string key, string value, long? expected = null) =>
        await store.WriteAsync(StoreWrite.Put(key, Bytes(value), expected), Deadline);

    /// <summary>Writes one after the other and says what revision each got; a value of null deletes.</summary>
    private async Task<long[]> WriteAllAsync(IStore store, params (string Key, string? Value)[] writes)
    {
        var revisions = new List<long>();
        foreach (var (key, value) in writes)
        {
            var result = value is null ? await DeleteAsync(store, key) : await PutAsync(store, key, value);
            Assert.Equal(WriteOutcome.Committed, result.Outcome);
            Assert.True(revisions.Count == 0 || result.Revision > revisions[^1]);
            revisions.Add(result.Revision);
        }

        return [.. revisions];
    }

    private Task<long[]> CountAsync(IStore store, string key, int to) =>
        WriteAllAsync(store, [.. Enumerable.Range(1, to).Select(i => (key, (string?)$"{i}"))]);

    private async Task<WriteResult> DeleteAsync(IStore store, string key, long? expected = null) =>
        await store.WriteAsync(StoreWrite.Delete(key, expected), Deadline);

    private static ReadOnlyMemory<byte> Bytes(string text) => Encoding.UTF8.GetBytes(text);

    private static string Text(StoreEntry entry) => Encoding.UTF8.GetString(entry.Value.Span);
}
