using Coxswain.Store;
using Xunit;

namespace Coxswain.Testing.Store;

public abstract partial class StoreContractTests
{
    [Fact]
    public async Task Watch_FromAnyRevision_DeliversTheRest()
    {
        var store = await NewAsync();
        await PutAsync(store, "a", "1");
        await PutAsync(store, "a", "2");
        await DeleteAsync(store, "a");
        await PutAsync(store, "a", "3");
        string[] all = ["1 Created a=1 was ", "2 Updated a=2 was 1", "3 Deleted a= was 2", "4 Created a=3 was "];
        for (var after = 0; after < 4; after++)
        {
            await using var watcher = await OpenWatchAsync(store, "", after);
            Assert.Equal(all[after..], (await ReadAsync(watcher, 4 - after)).Select(Describe));
            Assert.Equal(4, watcher.Position);
        }
    }

    [Fact]
    public async Task Watch_WaitingForAWrite_GetsIt()
    {
        var store = await NewAsync();
        await using var watcher = await OpenWatchAsync(store, "a", 0);
        for (var i = 1; i <= 20; i++)
        {
            var reading = watcher.ReadAsync(Deadline).AsTask();
            Assert.False(reading.IsCompleted);
            await PutAsync(store, "a", $"{i}");
            Assert.Equal(i, Assert.Single((await reading).Events).Revision);
        }
    }

    [Fact]
    public async Task Watch_WritesOfOtherPrefixes_DoNotWakeIt()
    {
        var store = await NewAsync();
        await using var watcher = await OpenWatchAsync(store, "/pods/ns/", 0);
        var reading = watcher.ReadAsync(Deadline).AsTask();
        foreach (var key in new[] { "/pods/ns", "/pods/ns-other/a", "/pods/", "/pods/mt/a", "/zebra", "/a" })
        {
            await PutAsync(store, key, "1");
        }

        Assert.False(reading.IsCompleted);
        await PutAsync(store, "/pods/ns/a", "1");
        var batch = await reading;
        Assert.Equal("/pods/ns/a", Assert.Single(batch.Events).Key);
    }

    [Fact]
    public async Task Watch_NestedPrefixes_EachGetsItsOwn()
    {
        var store = await NewAsync();
        string[] prefixes = ["", "/", "/a", "/a/", "/a/b", "/a/b/", "/a/c", "/ab", "/b", "\uffff"];
        string[] keys = ["/a/b/1", "/a/b", "/a/c", "/ab/1", "/a", "/b/1", "zzz", "/", "/a/c/d"];
        var watchers = new List<IStoreWatcher>();
        foreach (var prefix in prefixes.Reverse())
        {
            watchers.Insert(0, await OpenWatchAsync(store, prefix, 0));
        }

        var reads = prefixes.Select((prefix, i) =>
            ReadAsync(watchers[i], keys.Count(key => key.StartsWith(prefix, StringComparison.Ordinal)))).ToArray();
        foreach (var key in keys)
        {
            await PutAsync(store, key, "1");
        }

        for (var i = 0; i < prefixes.Length; i++)
        {
            Assert.Equal(
                keys.Where(key => key.StartsWith(prefixes[i], StringComparison.Ordinal)),
                (await reads[i]).Select(storeEvent => storeEvent.Key));
            await watchers[i].DisposeAsync();
        }
    }

    [Fact]
    public async Task Watch_UnderConcurrentWrites_HasNoGapsAndNoRepeats()
    {
        var store = await NewAsync();
        const int Writes = 2_000;
        var watchers = new List<IStoreWatcher>();
        for (var i = 0; i < 12; i++)
        {
            watchers.Add(await OpenWatchAsync(store, i % 3 == 0 ? "" : $"k{i % 3}", 0));
        }

        var reads = watchers.Select((watcher, i) => Task.Run(
            () => ReadAsync(watcher, i % 3 == 0 ? Writes : Writes / 2))).ToArray();
        await Task.WhenAll(Enumerable.Range(0, 8).Select(writer => Task.Run(async () =>
        {
            for (var i = 0; i < Writes / 8; i++)
            {
                await PutAsync(store, $"k{i % 2 + 1}/{writer}", $"{i}");
            }
        })));
        for (var i = 0; i < watchers.Count; i++)
        {
            var revisions = (await reads[i]).Select(storeEvent => storeEvent.Revision).ToArray();
            Assert.Equal(revisions.Distinct().Order(), revisions);
            await watchers[i].DisposeAsync();
        }
    }

    [Fact]
    public async Task Watch_FarBehind_ArrivesInBoundedBatches()
    {
        var store = await NewAsync();
        await Task.WhenAll(Enumerable.Range(0, 3_000).Select(i => PutAsync(store, $"k{i % 2}/{i}", "1")));
        await using var watcher = await OpenWatchAsync(store, "k1", 0);
        var events = new List<StoreEvent>();
        while (events.Count < 1_500)
        {
            var batch = await watcher.ReadAsync(Deadline);
            Assert.InRange(batch.Events.Count, 1, 1_499);
            events.AddRange(batch.Events);
            Assert.True(watcher.Position >= events[^1].Revision);
        }

        Assert.All(events, storeEvent => Assert.StartsWith("k1", storeEvent.Key, StringComparison.Ordinal));
        Assert.Equal(events.Select(e => e.Revision).Distinct().Order(), events.Select(e => e.Revision));
    }

    [Fact]
    public async Task Watch_Watchers_ShareOneEvent()
    {
        var store = await NewAsync();
        await using var first = await OpenWatchAsync(store, "", 0);
        await using var second = await OpenWatchAsync(store, "a", 0);
        await PutAsync(store, "a", "1");
        Assert.Same((await ReadAsync(first, 1))[0], (await ReadAsync(second, 1))[0]);
        Assert.Same(await store.GetAsync("a", Deadline), (await ReadFromAsync(store, 0, 1))[0].Entry);
    }

    [Fact]
    public async Task Watch_Future_SaysSo()
    {
        var store = await NewAsync();
        await PutAsync(store, "a", "1");
        Assert.Equal(new WatchResult(ReadOutcome.Future, null), await store.WatchAsync("", 2, Deadline));
        Assert.Equal(ReadOutcome.Ok, (await store.WatchAsync("", 1, Deadline)).Outcome);
    }

    [Fact]
    public async Task Watch_CompactedPosition_SaysSo()
    {
        var store = await NewAsync();
        for (var i = 1; i <= 5; i++)
        {
            await PutAsync(store, "a", $"{i}");
        }

        await store.CompactAsync(3, Deadline);
        Assert.Equal(new WatchResult(ReadOutcome.Compacted, null), await store.WatchAsync("", 2, Deadline));
        await using var watcher = await OpenWatchAsync(store, "", 3);
        Assert.Equal([4L, 5L], (await ReadAsync(watcher, 2)).Select(storeEvent => storeEvent.Revision));
    }

    [Fact]
    public async Task Watch_FallsOutOfTheLog_IsToldOnceAndIsOver()
    {
        var store = await NewAsync();
        await using var watcher = await OpenWatchAsync(store, "", 0);
        await PutAsync(store, "a", "1");
        await PutAsync(store, "a", "2");
        await store.CompactAsync(2, Deadline);
        var batch = await watcher.ReadAsync(Deadline);
        Assert.Equal(ReadOutcome.Compacted, batch.Outcome);
        Assert.Empty(batch.Events);
        await Assert.ThrowsAsync<InvalidOperationException>(async () => await watcher.ReadAsync(Deadline));
    }

    [Fact]
    public async Task Watch_QuietPrefix_NeverFallsOutOfTheLog()
    {
        var store = await NewAsync();
        await using var waiting = await OpenWatchAsync(store, "quiet", 0);
        await using var idle = await OpenWatchAsync(store, "quiet", 0);
        var reading = waiting.ReadAsync(Deadline).AsTask();
        for (var i = 0; i < 10; i++)
        {
            await PutAsync(store, "busy", $"{i}");
        }

        await store.CompactAsync(10, Deadline);
        await PutAsync(store, "quiet", "1");
        Assert.Equal(11, Assert.Single((await reading).Events).Revision);
        Assert.Equal(11, waiting.Position);
    }

    [Fact]
    public async Task Watch_Cancelled_LosesNothing()
    {
        var store = await NewAsync();
        await using var watcher = await OpenWatchAsync(store, "", 0);
        for (var i = 1; i <= 20; i++)
        {
            using var cancel = new CancellationTokenSource();
            var reading = watcher.ReadAsync(cancel.Token).AsTask();
            await cancel.CancelAsync();
            await Assert.ThrowsAnyAsync<OperationCanceledException>(() => reading);
            await PutAsync(store, "a", $"{i}");
            Assert.Equal(i, (await ReadAsync(watcher, 1))[0].Revision);
        }
    }

    [Fact]
    public async Task Watch_CancelledWhileWritesGoOn_LosesNothing()
    {
        var store = await NewAsync();
        await using var watcher = await OpenWatchAsync(store, "", 0);
        var writing = Task.Run(async () =>
        {
            for (var i = 0; i < 100; i++)
            {
                await PutAsync(store, "a", $"{i}");
            }
        });
        var expected = 0L;
        while (expected < 100)
        {
            using var cancel = CancellationTokenSource.CreateLinkedTokenSource(Deadline);
            var reading = watcher.ReadAsync(cancel.Token).AsTask();
            var cancelling = cancel.CancelAsync();
            try
            {
                Assert.All((await reading).Events, storeEvent => Assert.Equal(++expected, storeEvent.Revision));
            }
            catch (OperationCanceledException)
            {
                Deadline.ThrowIfCancellationRequested();
            }

            await cancelling;
        }

        await writing;
    }

    [Fact]
    public async Task Watch_DisposedWhileWaiting_EndsTheRead()
    {
        var store = await NewAsync();
        var watcher = await OpenWatchAsync(store, "", 0);
        var reading = watcher.ReadAsync(Deadline).AsTask();
        await watcher.DisposeAsync();
        await Assert.ThrowsAsync<ObjectDisposedException>(() => reading);
        await watcher.DisposeAsync();
        await PutAsync(store, "a", "1");
    }

    [Fact]
    public async Task Watch_StoreDisposedWhileWaiting_EndsTheRead()
    {
        var store = await NewAsync();
        await using var watcher = await OpenWatchAsync(store, "", 0);
        var reading = watcher.ReadAsync(Deadline).AsTask();
        await store.DisposeAsync();
        await Assert.ThrowsAsync<ObjectDisposedException>(() => reading);
        await Assert.ThrowsAsync<ObjectDisposedException>(async () => await watcher.ReadAsync(Deadline));
    }

    [Fact]
    public async Task Watch_SecondReadWhileWaiting_Throws()
    {
        var store = await NewAsync();
        await using var watcher = await OpenWatchAsync(store, "", 0);
        var reading = watcher.ReadAsync(Deadline).AsTask();
        await Assert.ThrowsAsync<InvalidOperationException>(async () => await watcher.ReadAsync(Deadline));
        await PutAsync(store, "a", "1");
        Assert.Single((await reading).Events);
    }

    [Fact]
    public async Task Progress_NothingOfThePrefixBetween_MovesToTheNewest()
    {
        var store = await NewAsync();
        await using var watcher = await OpenWatchAsync(store, "a", 0);
        await PutAsync(store, "b", "1");
        await PutAsync(store, "b", "2");
        Assert.Equal(2, watcher.Progress());
        Assert.Equal(2, watcher.Position);
    }

    [Fact]
    public async Task Progress_AnUnreadEventBetween_StaysBeforeIt()
    {
        var store = await NewAsync();
        await using var watcher = await OpenWatchAsync(store, "a", 0);
        await PutAsync(store, "b", "1");
        await PutAsync(store, "a", "2");
        await PutAsync(store, "b", "3");
        Assert.InRange(watcher.Progress(), 0, 1);
        Assert.Equal(2, Assert.Single((await watcher.ReadAsync(Deadline)).Events).Revision);
        Assert.Equal(3, watcher.Progress());
    }

    [Fact]
    public async Task Progress_BesideAWaitingRead_MovesAndLosesNothing()
    {
        var store = await NewAsync();
        await using var watcher = await OpenWatchAsync(store, "a", 0);
        for (var i = 1; i <= 100; i++)
        {
            var reading = watcher.ReadAsync(Deadline).AsTask();
            var writing = Task.Run(async () =>
            {
                await PutAsync(store, "b", $"{i}");
                await PutAsync(store, "a", $"{i}");
            });
            while (!reading.IsCompleted)
            {
                watcher.Progress();
                await Task.Yield();
            }

            await writing;
            Assert.Equal(2 * i, Assert.Single((await reading).Events).Revision);
            Assert.Equal(2 * i, watcher.Progress());
        }
    }

    private async Task<IStoreWatcher> OpenWatchAsync(IStore store, string prefix, long after)
    {
        var result = await store.WatchAsync(prefix, after, Deadline);
        Assert.Equal(ReadOutcome.Ok, result.Outcome);
        Assert.Equal(after, result.Watcher!.Position);
        return result.Watcher;
    }

    private async Task<List<StoreEvent>> ReadFromAsync(IStore store, long after, int count)
    {
        await using var watcher = await OpenWatchAsync(store, "", after);
        return await ReadAsync(watcher, count);
    }

    /// <summary>Reads until there are as many events, and fails when there are more.</summary>
    private async Task<List<StoreEvent>> ReadAsync(IStoreWatcher watcher, int count)
    {
        var events = new List<StoreEvent>();
        while (events.Count < count)
        {
            var batch = await watcher.ReadAsync(Deadline);
            Assert.Equal(ReadOutcome.Ok, batch.Outcome);
            Assert.NotEmpty(batch.Events);
            events.AddRange(batch.Events);
        }

        Assert.Equal(count, events.Count);
        return events;
    }

    private static string Describe(StoreEvent storeEvent) =>
        $"{storeEvent.Revision} {storeEvent.Type} {storeEvent.Key}="
        + $"{(storeEvent.Entry is { } entry ? Text(entry) : "")} "
        + $"was {(storeEvent.Previous is { } previous ? Text(previous) : "")}";
}
