using Coxswain.Store;
using Xunit;

namespace Coxswain.Testing.Store;

public abstract partial class StoreContractTests
{
    [Fact]
    public async Task Watch_FromAnyRevision_DeliversTheRest()
    {
        var store = await NewAsync();
        var at = await WriteAllAsync(store, ("a", "1"), ("a", "2"), ("a", null), ("a", "3"));
        string[] all =
        [
            $"{at[0]} Created a=1 was ", $"{at[1]} Updated a=2 was 1", $"{at[2]} Deleted a= was 2",
            $"{at[3]} Created a=3 was ",
        ];
        for (var after = _start; after < at[3]; after++)
        {
            var rest = all[at.Count(revision => revision <= after)..];
            await using var watcher = await OpenWatchAsync(store, "", after);
            Assert.Equal(rest, (await ReadAsync(watcher, rest.Length)).Select(Describe));
            Assert.Equal(at[3], watcher.Position);
        }
    }

    [Fact]
    public async Task Watch_WaitingForAWrite_GetsIt()
    {
        var store = await NewAsync();
        await using var watcher = await OpenWatchAsync(store, "a", _start);
        for (var i = 1; i <= 20; i++)
        {
            var reading = watcher.ReadAsync(Deadline).AsTask();
            Assert.False(reading.IsCompleted);
            var written = await PutAsync(store, "a", $"{i}");
            Assert.Equal(written.Revision, Assert.Single((await reading).Events).Revision);
        }
    }

    [Fact]
    public async Task Watch_WritesOfOtherPrefixes_DoNotWakeIt()
    {
        var store = await NewAsync();
        await using var watcher = await OpenWatchAsync(store, "/pods/ns/", _start);
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
            watchers.Insert(0, await OpenWatchAsync(store, prefix, _start));
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
            watchers.Add(await OpenWatchAsync(store, i % 3 == 0 ? "" : $"k{i % 3}", _start));
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
        await using var watcher = await OpenWatchAsync(store, "k1", _start);
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
        await using var first = await OpenWatchAsync(store, "", _start);
        await using var second = await OpenWatchAsync(store, "a", _start);
        await PutAsync(store, "a", "1");
        Assert.Same((await ReadAsync(first, 1))[0], (await ReadAsync(second, 1))[0]);
        Assert.Same(await store.GetAsync("a", Deadline), (await ReadFromAsync(store, _start, 1))[0].Entry);
    }

    [Fact]
    public async Task Watch_Future_SaysSo()
    {
        var store = await NewAsync();
        var newest = (await PutAsync(store, "a", "1")).Revision;
        Assert.Equal(new WatchResult(ReadOutcome.Future, null), await store.WatchAsync("", newest + 1, Deadline));
        Assert.Equal(ReadOutcome.Ok, (await store.WatchAsync("", newest, Deadline)).Outcome);
    }

    [Fact]
    public async Task Watch_CompactedPosition_SaysSo()
    {
        var store = await NewAsync();
        var at = await CountAsync(store, "a", 5);
        await store.CompactAsync(at[2], Deadline);
        Assert.Equal(new WatchResult(ReadOutcome.Compacted, null), await store.WatchAsync("", at[1], Deadline));
        await using var watcher = await OpenWatchAsync(store, "", at[2]);
        Assert.Equal(at[3..], (await ReadAsync(watcher, 2)).Select(storeEvent => storeEvent.Revision));
    }

    [Fact]
    public async Task Watch_FallsOutOfTheLog_IsToldOnceAndIsOver()
    {
        var store = await NewAsync();
        await using var watcher = await OpenWatchAsync(store, "", _start);
        await store.CompactAsync((await CountAsync(store, "a", 2))[1], Deadline);
        var batch = await watcher.ReadAsync(Deadline);
        Assert.Equal(ReadOutcome.Compacted, batch.Outcome);
        Assert.Empty(batch.Events);
        await Assert.ThrowsAsync<InvalidOperationException>(async () => await watcher.ReadAsync(Deadline));
    }

    [Fact]
    public async Task Watch_QuietPrefix_NeverFallsOutOfTheLog()
    {
        var store = await NewAsync();
        await using var waiting = await OpenWatchAsync(store, "quiet", _start);
        await using var idle = await OpenWatchAsync(store, "quiet", _start);
        var reading = waiting.ReadAsync(Deadline).AsTask();
        var busy = await CountAsync(store, "busy", 10);
        await store.CompactAsync(busy[^1], Deadline);
        var written = await PutAsync(store, "quiet", "1");
        Assert.Equal(written.Revision, Assert.Single((await reading).Events).Revision);
        Assert.Equal(written.Revision, waiting.Position);

        // The one that did not even ask had missed nothing either.
        Assert.Equal(written.Revision, Assert.Single((await ReadAsync(idle, 1))).Revision);
    }

    [Fact]
    public async Task Watch_Cancelled_LosesNothing()
    {
        var store = await NewAsync();
        await using var watcher = await OpenWatchAsync(store, "", _start);
        for (var i = 1; i <= 20; i++)
        {
            using var cancel = new CancellationTokenSource();
            var reading = watcher.ReadAsync(cancel.Token).AsTask();
            await cancel.CancelAsync();
            await Assert.ThrowsAnyAsync<OperationCanceledException>(() => reading);
            var written = await PutAsync(store, "a", $"{i}");
            Assert.Equal(written.Revision, (await ReadAsync(watcher, 1))[0].Revision);
        }
    }

    [Fact]
    public async Task Watch_CancelledWhileWritesGoOn_LosesNothing()
    {
        var store = await NewAsync();
        await using var watcher = await OpenWatchAsync(store, "", _start);
        var writing = Task.Run(async () =>
        {
            for (var i = 0; i < 100; i++)
            {
                await PutAsync(store, "a", $"{i}");
            }
        });
        var expected = 0;
        while (expected < 100)
        {
            using var cancel = CancellationTokenSource.CreateLinkedTokenSource(Deadline);
            var reading = watcher.ReadAsync(cancel.Token).AsTask();
            var cancelling = cancel.CancelAsync();
            try
            {
                Assert.All((await reading).Events, storeEvent => Assert.Equal($"{expected++}", Text(storeEvent.Entry!)));
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
        var watcher = await OpenWatchAsync(store, "", _start);
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
        await using var watcher = await OpenWatchAsync(store, "", _start);
        var reading = watcher.ReadAsync(Deadline).AsTask();
        await store.DisposeAsync();
        await Assert.ThrowsAsync<ObjectDisposedException>(() => reading);
        await Assert.ThrowsAsync<ObjectDisposedException>(async () => await watcher.ReadAsync(Deadline));
    }

    [Fact]
    public async Task Watch_SecondReadWhileWaiting_Throws()
    {
        var store = await NewAsync();
        await using var watcher = await OpenWatchAsync(store, "", _start);
        var reading = watcher.ReadAsync(Deadline).AsTask();
        await Assert.ThrowsAsync<InvalidOperationException>(async () => await watcher.ReadAsync(Deadline));
        await PutAsync(store, "a", "1");
        Assert.Single((await reading).Events);
    }

    [Fact]
    public async Task Progress_NothingOfThePrefixBetween_MovesToTheNewest()
    {
        var store = await NewAsync();
        await using var watcher = await OpenWatchAsync(store, "a", _start);
        var newest = (await CountAsync(store, "b", 2))[1];
        Assert.Equal(newest, await watcher.ProgressAsync(Deadline));
        Assert.Equal(newest, watcher.Position);
    }

    [Fact]
    public async Task Progress_AnUnreadEventBetween_StaysBeforeIt()
    {
        var store = await NewAsync();
        await using var watcher = await OpenWatchAsync(store, "a", _start);
        var at = await WriteAllAsync(store, ("b", "1"), ("a", "2"), ("b", "3"));
        Assert.InRange(await watcher.ProgressAsync(Deadline), _start, at[1] - 1);
        Assert.Equal(at[1], Assert.Single((await watcher.ReadAsync(Deadline)).Events).Revision);
        Assert.Equal(at[2], await watcher.ProgressAsync(Deadline));
    }

    [Fact]
    public async Task Progress_Cancelled_Throws()
    {
        await using var watcher = await OpenWatchAsync(await NewAsync(), "a", _start);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(
            async () => await watcher.ProgressAsync(new CancellationToken(canceled: true)));
    }

    [Fact]
    public async Task Progress_BesideAWaitingRead_MovesAndLosesNothing()
    {
        var store = await NewAsync();
        await using var watcher = await OpenWatchAsync(store, "a", _start);
        for (var i = 1; i <= 100; i++)
        {
            var reading = watcher.ReadAsync(Deadline).AsTask();
            var writing = Task.Run(async () =>
            {
                await PutAsync(store, "b", $"{i}");
                return await PutAsync(store, "a", $"{i}");
            });
            while (!reading.IsCompleted)
            {
                await watcher.ProgressAsync(Deadline);
                await Task.Yield();
            }

            var written = (await writing).Revision;
            Assert.Equal(written, Assert.Single((await reading).Events).Revision);
            Assert.Equal(written, await watcher.ProgressAsync(Deadline));
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
