using System.Text;
using Coxswain.Store;
using Xunit;

namespace Coxswain.Testing.Store;

/// <summary>
/// What every home of <see cref="IStore"/> promises: reading and writing here, watching and compaction in the other
/// parts. A home inherits it once and says how to open an empty store.
/// </summary>
public abstract partial class StoreContractTests : IAsyncLifetime
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private readonly CancellationTokenSource _deadline = new(Patience, TimeProvider.System);
    private readonly List<IStore> _opened = [];

    /// <summary>Generous limits: nothing is compacted unless a test asks for it.</summary>
    protected static StoreOptions Options { get; } = new();

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
    public async Task Revision_EmptyStore_IsZero()
    {
        var store = await NewAsync();
        Assert.Equal(0, await store.GetRevisionAsync(Deadline));
        Assert.Null(await store.GetAsync("a", Deadline));
        var list = await store.ListAsync(new ListQuery(""), Deadline);
        Assert.Equal((ReadOutcome.Ok, 0L, 0L), (list.Outcome, list.Revision, list.RemainingCount));
        Assert.Empty(list.Entries);
    }

    [Fact]
    public async Task Write_NewKey_IsReadBack()
    {
        var store = await NewAsync();
        var result = await PutAsync(store, "a", "1", expected: 0);
        Assert.Equal(WriteOutcome.Committed, result.Outcome);
        Assert.Equal(1, result.Revision);
        var entry = await store.GetAsync("a", Deadline);
        Assert.NotNull(entry);
        Assert.Equal(("a", "1", 1L, 1L), (entry.Key, Text(entry), entry.CreateRevision, entry.ModRevision));
        Assert.Equal(1, await store.GetRevisionAsync(Deadline));
    }

    [Fact]
    public async Task Write_Update_KeepsCreateRevision()
    {
        var store = await NewAsync();
        await PutAsync(store, "a", "1");
        await PutAsync(store, "b", "1");
        var result = await PutAsync(store, "a", "2", expected: 1);
        Assert.Equal((WriteOutcome.Committed, 3L), (result.Outcome, result.Revision));
        Assert.Equal((1L, 3L), (result.Entry!.CreateRevision, result.Entry.ModRevision));
    }

    [Fact]
    public async Task Write_SameValueAgain_IsANewRevision()
    {
        var store = await NewAsync();
        await PutAsync(store, "a", "1");
        Assert.Equal(2, (await PutAsync(store, "a", "1")).Revision);
    }

    [Fact]
    public async Task Write_CreateOfExisting_ConflictsAndShowsIt()
    {
        var store = await NewAsync();
        await PutAsync(store, "a", "1");
        var result = await PutAsync(store, "a", "2", expected: 0);
        Assert.Equal((WriteOutcome.Conflict, 1L), (result.Outcome, result.Revision));
        Assert.Equal("1", Text(result.Entry!));
        Assert.Equal("1", Text((await store.GetAsync("a", Deadline))!));
    }

    [Fact]
    public async Task Write_UpdateOfMissing_ConflictsWithNothing()
    {
        var store = await NewAsync();
        await PutAsync(store, "b", "1");
        var result = await PutAsync(store, "a", "2", expected: 1);
        Assert.Equal(new WriteResult(WriteOutcome.Conflict, null, 1), result);
        Assert.Equal(1, await store.GetRevisionAsync(Deadline));
    }

    [Fact]
    public async Task Delete_Existing_ReturnsWhatWasDeleted()
    {
        var store = await NewAsync();
        await PutAsync(store, "a", "1");
        var result = await DeleteAsync(store, "a", expected: 1);
        Assert.Equal((WriteOutcome.Committed, 2L), (result.Outcome, result.Revision));
        Assert.Equal("1", Text(result.Entry!));
        Assert.Null(await store.GetAsync("a", Deadline));
    }

    [Fact]
    public async Task Delete_Missing_ChangesNothing()
    {
        var store = await NewAsync();
        await PutAsync(store, "b", "1");
        Assert.Equal(new WriteResult(WriteOutcome.Committed, null, 1), await DeleteAsync(store, "a"));
        Assert.Equal(1, await store.GetRevisionAsync(Deadline));
    }

    [Fact]
    public async Task Delete_StaleRevision_Conflicts()
    {
        var store = await NewAsync();
        await PutAsync(store, "a", "1");
        await PutAsync(store, "a", "2");
        var result = await DeleteAsync(store, "a", expected: 1);
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
        Assert.Equal((3L, 3L), (result.Entry!.CreateRevision, result.Entry.ModRevision));
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
        foreach (var key in new[] { "", "half \ud800 pair", "end \udc00" })
        {
            await Assert.ThrowsAnyAsync<ArgumentException>(async () => await PutAsync(store, key, "1"));
        }

        Assert.Equal(0, await store.GetRevisionAsync(Deadline));
    }

    [Fact]
    public async Task Write_ManyWritersCountUp_NoneIsLost()
    {
        var store = await NewAsync();
        await PutAsync(store, "counter", "0");
        await Task.WhenAll(Enumerable.Range(0, 16).Select(_ => Task.Run(async () =>
        {
            for (var done = 0; done < 25;)
            {
                var current = (await store.GetAsync("counter", Deadline))!;
                var next = $"{int.Parse(Text(current)) + 1}";
                var result = await PutAsync(store, "counter", next, current.ModRevision);
                done += result.Outcome == WriteOutcome.Committed ? 1 : 0;
            }
        })));
        Assert.Equal("400", Text((await store.GetAsync("counter", Deadline))!));
        Assert.Equal(401, await store.GetRevisionAsync(Deadline));
    }

    [Fact]
    public async Task Write_ManyAtOnce_EachRevisionIsGivenOnce()
    {
        var store = await NewAsync();
        var results = await Task.WhenAll(Enumerable.Range(0, 500).Select(i => PutAsync(store, $"k{i}", $"{i}")));
        Assert.Equal(Enumerable.Range(1, 500).Select(i => (long)i), results.Select(r => r.Revision).Order());
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
        var cancelled = new CancellationToken(canceled: true);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(
            async () => await store.WriteAsync(new StoreWrite("a", Bytes("1"), null), cancelled));
        await Assert.ThrowsAnyAsync<OperationCanceledException>(
            async () => await store.ListAsync(new ListQuery(""), cancelled));
        Assert.Equal(0, await store.GetRevisionAsync(Deadline));
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
        return store;
    }

    private async Task<WriteResult> PutAsync(IStore store, string key, string value, long? expected = null) =>
        await store.WriteAsync(StoreWrite.Put(key, Bytes(value), expected), Deadline);

    private async Task<WriteResult> DeleteAsync(IStore store, string key, long? expected = null) =>
        await store.WriteAsync(StoreWrite.Delete(key, expected), Deadline);

    private static ReadOnlyMemory<byte> Bytes(string text) => Encoding.UTF8.GetBytes(text);

    private static string Text(StoreEntry entry) => Encoding.UTF8.GetString(entry.Value.Span);
}
