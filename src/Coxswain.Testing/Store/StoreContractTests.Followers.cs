using Coxswain.Store;
using Xunit;

namespace Coxswain.Testing.Store;

public abstract partial class StoreContractTests
{
    [Fact]
    public async Task Follow_WritesOfThePrefix_RaiseIt()
    {
        var store = await NewAsync();
        await using var follower = await store.FollowAsync("a/", Deadline);
        var list = await store.ListAsync(new ListQuery("a/"), Deadline);
        Assert.True(follower.ChangedAt <= list.Revision);
        foreach (var value in new[] { "1", "2", null })
        {
            var written = (await WriteAllAsync(store, ("a/x", value)))[0];
            Assert.Equal(written, follower.ChangedAt);
            Assert.True(follower.ChangedAt > list.Revision);
            list = await store.ListAsync(new ListQuery("a/"), Deadline);
            Assert.True(follower.ChangedAt <= list.Revision);
        }
    }

    [Fact]
    public async Task Follow_WritesOfOtherPrefixesConflictsAndCompaction_LeaveIt()
    {
        var store = await NewAsync();
        await PutAsync(store, "a/x", "1");
        await using var follower = await store.FollowAsync("a/", Deadline);
        var list = await store.ListAsync(new ListQuery("a/"), Deadline);
        var others = await WriteAllAsync(store, ("a", "1"), ("a0", "1"), ("b", "1"), ("b", null));
        await PutAsync(store, "a/x", "2", expected: 0);
        await DeleteAsync(store, "a/missing");
        await store.CompactAsync(others[^1], Deadline);
        Assert.True(follower.ChangedAt <= list.Revision);
    }

    [Fact]
    public async Task Follow_BesideWatchersOfThePrefix_OutlivesThem()
    {
        var store = await NewAsync();
        var first = await store.FollowAsync("a", Deadline);
        await using var second = await store.FollowAsync("a", Deadline);
        await (await OpenWatchAsync(store, "a", _start)).DisposeAsync();
        await first.DisposeAsync();
        await first.DisposeAsync();
        Assert.Equal((await PutAsync(store, "a", "1")).Revision, second.ChangedAt);
    }

    [Fact]
    public async Task Follow_DerivedUnderConcurrentWrites_IsNeverOlderThanWhatWasAcknowledged()
    {
        var store = await NewAsync();
        await PutAsync(store, "a/x", "0");
        await using var follower = await store.FollowAsync("a/", Deadline);
        var acknowledged = 0;
        var writing = Task.Run(async () =>
        {
            for (var i = 1; i <= 1_000; i++)
            {
                await PutAsync(store, "a/x", $"{i}");
                Volatile.Write(ref acknowledged, i);
                await PutAsync(store, "b/x", $"{i}");
            }
        });
        var (revision, derived) = (-1L, -1);
        while (derived < 1_000)
        {
            var least = Volatile.Read(ref acknowledged);
            if (follower.ChangedAt > revision)
            {
                var list = await store.ListAsync(new ListQuery("a/"), Deadline);
                (revision, derived) = (list.Revision, int.Parse(Text(list.Entries[0])));
            }

            Assert.True(derived >= least, $"{derived} derived at {revision} although {least} was acknowledged");
            await Task.Yield();
        }

        await writing;
    }
}
