using Coxswain.Store.Memory;

namespace Coxswain.Store.Tests.History;

/// <summary>What a store forgets by itself.</summary>
public sealed class RetentionPolicyTests
{
    private static readonly CancellationToken None = CancellationToken.None;

    private readonly ManualTime _time = new();

    [Fact]
    public async Task Write_OverTheCount_KeepsTheNewest()
    {
        await using var store = new MemoryStore(new StoreOptions { KeepRevisions = 5_000 }, _time);
        await PutAsync(store, 10_000, 10);
        Assert.Equal(ReadOutcome.Ok, await OutcomeAsync(store, 5_000));
        Assert.Equal(ReadOutcome.Compacted, await OutcomeAsync(store, 4_000));
        Assert.Equal(10, (await store.ListAsync(new ListQuery(""), None)).Entries.Count);
    }

    [Fact]
    public async Task Write_OverTheAge_KeepsTheYoungAndAtLeastSome()
    {
        var options = new StoreOptions { KeepAge = TimeSpan.FromMinutes(5), AtLeastRevisions = 3_000 };
        await using var store = new MemoryStore(options, _time);
        await PutAsync(store, 5_000, 10);
        _time.Advance(TimeSpan.FromMinutes(4));
        await PutAsync(store, 5_000, 10);
        Assert.Equal(ReadOutcome.Ok, await OutcomeAsync(store, 1));
        _time.Advance(TimeSpan.FromMinutes(2));
        await PutAsync(store, 1, 10);
        Assert.Equal(ReadOutcome.Compacted, await OutcomeAsync(store, 4_000));
        Assert.Equal(ReadOutcome.Ok, await OutcomeAsync(store, 5_000));
        _time.Advance(TimeSpan.FromHours(1));
        await PutAsync(store, 1, 10);
        Assert.Equal(ReadOutcome.Ok, await OutcomeAsync(store, 10_002 - 3_000));
        Assert.Equal(ReadOutcome.Compacted, await OutcomeAsync(store, 10_002 - 3_000 - 1_024));
    }

    [Fact]
    public async Task Write_OverTheBytes_KeepsTheNewest()
    {
        var options = new StoreOptions { KeepBytes = 4_000 * 100, AtLeastRevisions = 1_000 };
        await using var store = new MemoryStore(options, _time);
        await PutAsync(store, 10_000, 100);
        Assert.Equal(ReadOutcome.Compacted, await OutcomeAsync(store, 5_000));
        Assert.Equal(ReadOutcome.Ok, await OutcomeAsync(store, 7_000));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    public async Task Write_FewHugeValues_HistoryStaysWithinTheBytes(int keys)
    {
        // A thousandth of 4,096 updates of a 3 MB object: fewer revisions than are kept otherwise.
        const int Value = 3_000;
        const int Bound = 48_000;
        var superseded = new List<WeakReference>();
        await using var store = new MemoryStore(new StoreOptions { KeepBytes = Bound }, _time);
        for (var i = 0; i < 4_096; i++)
        {
            await PutOneAsync(store, $"k{i % keys}", Value, superseded);
            if (i % 64 == 63)
            {
                // Memory, not only what may be read.
                GC.Collect();
                var held = superseded.RemoveAll(value => !value.IsAlive) is var _ ? superseded.Count : 0;
                Assert.InRange(held, 1, keys + (Bound / Value) + StoreOptions.LeastRevisions);
            }
        }

        var newest = await store.GetRevisionAsync(None);
        Assert.Equal(ReadOutcome.Ok, await OutcomeAsync(store, newest - 10));
        Assert.Equal(ReadOutcome.Compacted, await OutcomeAsync(store, newest - 100));
    }

    [Fact]
    public async Task Write_ValuesLargerThanTheBytes_KeepsTheLeastRevisions()
    {
        await using var store = new MemoryStore(new StoreOptions { KeepBytes = 100 }, _time);
        await PutAsync(store, 1_000, 1_000);
        Assert.Equal(ReadOutcome.Ok, await OutcomeAsync(store, 1_000 - StoreOptions.LeastRevisions));
        Assert.Equal(ReadOutcome.Compacted, await OutcomeAsync(store, 1_000 - StoreOptions.LeastRevisions - 2));
    }

    [Fact]
    public async Task Write_NumbersAreSkipped_RevisionsAreCountedNotNumbers()
    {
        var options = new StoreOptions { KeepRevisions = 2_000, AtLeastRevisions = 1_000 };
        await using var store = new MemoryStore(options, _time, newest => newest + 100);
        await PutAsync(store, 5_000, 10);
        Assert.Equal(ReadOutcome.Ok, await OutcomeAsync(store, 100 * 3_001));
        Assert.Equal(ReadOutcome.Compacted, await OutcomeAsync(store, 100 * 2_000));
    }

    [Fact]
    public async Task Write_SegmentsPass_DerivedFormsOfHistoryAreDropped()
    {
        await using var store = new MemoryStore(new StoreOptions(), _time);
        await PutAsync(store, 1, 10);
        var entry = (await store.GetAsync("k1", None))!;
        var (made, kept) = (0, entry.Derive(_ => new object()));
        await PutAsync(store, 3_000, 10);
        Assert.NotSame(kept, entry.Derive(_ =>
        {
            made++;
            return new object();
        }));
        Assert.Equal(1, made);
    }

    private static async Task PutAsync(MemoryStore store, int count, int bytes)
    {
        for (var i = 1; i <= count; i++)
        {
            await store.WriteAsync(StoreWrite.Put($"k{i % 10}", new byte[bytes], null), None);
        }
    }

    private static async Task PutOneAsync(MemoryStore store, string key, int bytes, List<WeakReference> superseded)
    {
        var value = new byte[bytes];
        superseded.Add(new WeakReference(value));
        await store.WriteAsync(StoreWrite.Put(key, value, null), None);
    }

    private static async Task<ReadOutcome> OutcomeAsync(MemoryStore store, long revision) =>
        (await store.ListAsync(new ListQuery("", Limit: 1, Revision: revision), None)).Outcome;

    private sealed class ManualTime : TimeProvider
    {
        private long _now;

        public override long TimestampFrequency => TimeSpan.TicksPerSecond;

        public override long GetTimestamp() => _now;

        public void Advance(TimeSpan by) => _now += by.Ticks;
    }
}
