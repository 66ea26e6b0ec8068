using System.Text;
using Coxswain.Store.Memory;
using Coxswain.Store.Watch;

namespace Coxswain.Store.Tests.Watch;

/// <summary>What happens to a reader when others write between two of its steps.</summary>
public sealed class StoreWatcherTests : IAsyncDisposable
{
    private static readonly CancellationToken None = CancellationToken.None;

    /// <summary>A lost event would be waited for in vain.</summary>
    private readonly CancellationTokenSource _patience = new(TimeSpan.FromSeconds(30), TimeProvider.System);

    private readonly MemoryStore _store = new(new StoreOptions(), TimeProvider.System);

    public ValueTask DisposeAsync()
    {
        _patience.Dispose();
        return _store.DisposeAsync();
    }

    [Fact]
    public async Task Read_EventsBeforeAndAfterItSaysThatItWaits_DeliversBoth()
    {
        var watcher = await OpenAsync("a");
        watcher.BeforeWaiting = Once(() => Put("a", "1"));
        watcher.BeforeLookingAgain = Once(() => Put("a", "2"));
        Assert.Equal(["1", "2"], await ReadAsync(watcher, 2));
        Assert.Equal(2, await watcher.ProgressAsync(None));
    }

    [Fact]
    public async Task Read_EventsOfOthersBetweenThose_DeliversBoth()
    {
        var watcher = await OpenAsync("a");
        watcher.BeforeWaiting = Once(() =>
        {
            Put("b", "x");
            Put("a", "1");
            Put("b", "x");
        });
        watcher.BeforeLookingAgain = Once(() =>
        {
            Put("b", "x");
            Put("a", "2");
            Put("b", "x");
        });
        Assert.Equal(["1", "2"], await ReadAsync(watcher, 2));
        Assert.Equal(6, await watcher.ProgressAsync(None));
    }

    [Fact]
    public async Task Read_EventCompactedBeforeItSaysThatItWaits_IsToldSo()
    {
        var watcher = await OpenAsync("a");
        watcher.BeforeWaiting = Once(() =>
        {
            Put("a", "1");
            Put("b", "x");
            Assert.True(_store.CompactAsync(2, None).AsTask().IsCompletedSuccessfully);
        });
        watcher.BeforeLookingAgain = Once(() => Put("a", "2"));
        Assert.Equal(ReadOutcome.Compacted, (await watcher.ReadAsync(_patience.Token)).Outcome);
    }

    [Fact]
    public async Task Read_ProgressBetweenItsSteps_DeliversTheEvent()
    {
        var watcher = await OpenAsync("a");
        watcher.BeforeWaiting = Once(() =>
        {
            Put("b", "x");
            Assert.Equal(1, Progress(watcher));
        });
        watcher.BeforeLookingAgain = Once(() =>
        {
            Put("b", "x");
            Put("a", "1");
            Assert.InRange(Progress(watcher), 1, 2);
        });
        Assert.Equal(["1"], await ReadAsync(watcher, 1));
    }

    private async Task<StoreWatcher> OpenAsync(string prefix) =>
        (StoreWatcher)(await _store.WatchAsync(prefix, 0, None)).Watcher!;

    private async Task<List<string>> ReadAsync(StoreWatcher watcher, int count)
    {
        var values = new List<string>();
        while (values.Count < count)
        {
            var batch = await watcher.ReadAsync(_patience.Token);
            values.AddRange(batch.Events.Select(storeEvent => Encoding.UTF8.GetString(storeEvent.Entry!.Value.Span)));
        }

        return values;
    }

    private static Action Once(Action action) => () => Interlocked.Exchange(ref action!, null)?.Invoke();

    private void Put(string key, string value) => Assert.True(
        _store.WriteAsync(StoreWrite.Put(key, Encoding.UTF8.GetBytes(value), null), None).AsTask().IsCompletedSuccessfully);

    private static long Progress(StoreWatcher watcher)
    {
        Assert.True(watcher.ProgressAsync(None).AsTask().IsCompletedSuccessfully);
        return watcher.Position;
    }
}
