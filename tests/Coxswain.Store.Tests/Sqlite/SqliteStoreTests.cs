using System.Text;
using Coxswain.Store.Sqlite;
using Microsoft.Extensions.Logging.Abstractions;

namespace Coxswain.Store.Tests.Sqlite;

/// <summary>What only a durable home promises.</summary>
public sealed class SqliteStoreTests : IDisposable
{
    private static readonly CancellationToken None = CancellationToken.None;

    private const int IoError = 10;

    private readonly ScratchDirectory _scratch = new();
    private volatile Func<string, int>? _fault;

    private string Database => _scratch.File("store.db");

    public void Dispose() => _scratch.Dispose();

    [Fact]
    public async Task Reopen_AfterWrites_HasEntriesRevisionAndHistory()
    {
        await using (var store = await OpenAsync())
        {
            await PutAsync(store, "a", "1");
            await PutAsync(store, "b", "");
            await PutAsync(store, "a", "2");
            await DeleteAsync(store, "b");
            await PutAsync(store, "\u00e9\0\ud83d\ude00", "3");
        }

        await using var reopened = await OpenAsync();
        Assert.Equal(5, await reopened.GetRevisionAsync(None));
        Assert.Equal(["a=2@1/3", "\u00e9\0\ud83d\ude00=3@5/5"], await ContentAsync(reopened, 0));
        Assert.Equal(["a=1@1/1", "b=@2/2"], await ContentAsync(reopened, 2));
        var watcher = (await reopened.WatchAsync("", 1, None)).Watcher!;
        var events = (await watcher.ReadAsync(None)).Events;
        Assert.Equal(
            [StoreEventType.Created, StoreEventType.Updated, StoreEventType.Deleted, StoreEventType.Created],
            events.Select(storeEvent => storeEvent.Type));
        Assert.Equal(2, events[2].Previous!.ModRevision);
        Assert.Equal(6, (await PutAsync(reopened, "a", "4")).Revision);
    }

    [Fact]
    public async Task Reopen_EverythingDeletedAndCompacted_RevisionGoesOn()
    {
        await using (var store = await OpenAsync())
        {
            await PutAsync(store, "a", "1");
            await DeleteAsync(store, "a");
            await store.CompactAsync(2, None);
        }

        Assert.Equal(0, await WaitForRowsAsync(0));
        await using var reopened = await OpenAsync();
        Assert.Equal(2, await reopened.GetRevisionAsync(None));
        Assert.Equal(3, (await PutAsync(reopened, "a", "1")).Entry!.CreateRevision);
    }

    [Fact]
    public async Task Reopen_AfterCompaction_RemembersItAndDropsRows()
    {
        await using (var store = await OpenAsync())
        {
            for (var i = 1; i <= 20; i++)
            {
                await PutAsync(store, $"k{i % 4}", $"{i}");
            }

            await DeleteAsync(store, "k0");
            await store.CompactAsync(21, None);
        }

        Assert.Equal(3, await WaitForRowsAsync(3));
        await using var reopened = await OpenAsync();
        Assert.Equal(ReadOutcome.Compacted, (await reopened.ListAsync(new ListQuery("", Revision: 20), None)).Outcome);
        Assert.Equal(ReadOutcome.Compacted, (await reopened.WatchAsync("", 20, None)).Outcome);
        Assert.Equal(["k1=17@1/17", "k2=18@2/18", "k3=19@3/19"], await ContentAsync(reopened, 21));
    }

    [Fact]
    public async Task Reopen_CompactionRowsLeftBehind_AreDroppedThen()
    {
        await using (var store = await OpenAsync())
        {
            for (var i = 1; i <= 10; i++)
            {
                await PutAsync(store, "a", $"{i}");
            }
        }

        // As if the process had died between recording the compaction and deleting the first row.
        Change("UPDATE compaction SET revision = 9");
        await using (var reopened = await OpenAsync())
        {
            Assert.Equal(["a=9@1/9"], await ContentAsync(reopened, 9));
            Assert.Equal(["a=10@1/10"], await ContentAsync(reopened, 0));
        }

        Assert.Equal(2, await WaitForRowsAsync(2));
    }

    [Fact]
    public async Task Write_BeyondTheLimits_CompactsByItself()
    {
        var options = new StoreOptions { KeepRevisions = 1_000, AtLeastRevisions = 500 };
        await using (var store = await OpenAsync(options))
        {
            await Task.WhenAll(Enumerable.Range(0, 5_000).Select(i => PutAsync(store, $"k{i % 10}", $"{i}")));
            Assert.Equal(ReadOutcome.Compacted, (await store.WatchAsync("", 3_000, None)).Outcome);
            Assert.Equal(ReadOutcome.Ok, (await store.WatchAsync("", 4_000, None)).Outcome);
        }

        await using var reopened = await OpenAsync(options);
        Assert.Equal(ReadOutcome.Ok, (await reopened.WatchAsync("", 4_000, None)).Outcome);
        Assert.Equal(10, (await ContentAsync(reopened, 0)).Length);
    }

    [Fact]
    public async Task Open_HeldByAnother_NamesTheHolder()
    {
        await using var store = await OpenAsync();
        var exception = await Assert.ThrowsAsync<StoreException>(() => OpenAsync());
        Assert.Equal($"database {Database} is in use by process {Environment.ProcessId}", exception.Message);
        Assert.Equal(1, (await PutAsync(store, "a", "1")).Revision);
    }

    [Fact]
    public async Task Open_LeftoverLockFile_Opens()
    {
        await File.WriteAllTextAsync(Database + ".lock", "1\n");
        await using var store = await OpenAsync();
    }

    [Fact]
    public async Task Open_NotADatabase_SaysSo()
    {
        await File.WriteAllTextAsync(Database, new string('x', 10_000));
        var exception = await Assert.ThrowsAsync<StoreException>(() => OpenAsync());
        Assert.Contains(Database, exception.Message, StringComparison.Ordinal);
        Assert.Contains("not a database", exception.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Open_NewerSchema_Refuses()
    {
        await (await OpenAsync()).DisposeAsync();
        Change("PRAGMA user_version = 2");
        var exception = await Assert.ThrowsAsync<StoreException>(() => OpenAsync());
        Assert.Contains("schema version 2", exception.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Open_MissingRevision_SaysDamaged()
    {
        await using (var store = await OpenAsync())
        {
            for (var i = 1; i <= 5; i++)
            {
                await PutAsync(store, "a", $"{i}");
            }
        }

        Change("DELETE FROM log WHERE revision = 3");
        var exception = await Assert.ThrowsAsync<StoreException>(() => OpenAsync());
        Assert.Contains("is damaged: revision 4", exception.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Open_OverwrittenPages_Fails()
    {
        await using (var store = await OpenAsync())
        {
            await Task.WhenAll(Enumerable.Range(0, 500).Select(i => PutAsync(store, $"k{i}", new string('v', 1_000))));
        }

        await using (var file = File.OpenWrite(Database))
        {
            file.Position = 8_192;
            await file.WriteAsync(Enumerable.Repeat((byte)0xA5, 100_000).ToArray());
        }

        var exception = await Assert.ThrowsAsync<StoreException>(() => OpenAsync());
        Assert.Contains(Database, exception.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Open_DirectoryIsAFile_Fails()
    {
        await File.WriteAllTextAsync(_scratch.File("file"), "");
        await Assert.ThrowsAsync<StoreException>(() => SqliteStore.OpenAsync(
            _scratch.File("file/store.db"), new StoreOptions(), TimeProvider.System, NullLogger.Instance, None));
    }

    [Fact]
    public async Task Write_DatabaseFails_ChangesNothingAndRecovers()
    {
        await using var store = await OpenAsync();
        await PutAsync(store, "a", "1");
        var watcher = (await store.WatchAsync("", 1, None)).Watcher!;
        var reading = watcher.ReadAsync(None).AsTask();
        _fault = sql => sql.StartsWith("INSERT", StringComparison.Ordinal) ? IoError : 0;
        var exception = await Assert.ThrowsAsync<StoreException>(() => PutAsync(store, "a", "2"));
        Assert.Contains(Database, exception.Message, StringComparison.Ordinal);
        Assert.Contains("INSERT INTO log", exception.Message, StringComparison.Ordinal);
        Assert.Equal(StoreFailure.Broken, exception.Failure);
        Assert.Equal(1, await store.GetRevisionAsync(None));
        Assert.Equal(["a=1@1/1"], await ContentAsync(store, 0));
        Assert.False(reading.IsCompleted);
        _fault = null;
        Assert.Equal(2, (await PutAsync(store, "a", "3")).Revision);
        Assert.Equal(2, Assert.Single((await reading).Events).Revision);
    }

    [Fact]
    public async Task Write_NotYetDurable_IsSeenByNobody()
    {
        await using var store = await OpenAsync();
        await PutAsync(store, "a", "1");
        var watcher = (await store.WatchAsync("", 1, None)).Watcher!;
        var reading = watcher.ReadAsync(None).AsTask();
        await using var follower = await store.FollowAsync("", None);
        using var gate = new CommitGate();
        _fault = gate.Pass;
        var stuck = PutAsync(store, "a", "2");
        await gate.Reached;

        // Queued behind a batch that is stuck, this one can be taken back.
        using var cancel = new CancellationTokenSource();
        var later = store.WriteAsync(StoreWrite.Put("b", "1"u8.ToArray(), null), cancel.Token).AsTask();
        await cancel.CancelAsync();
        Assert.False(stuck.IsCompleted);
        Assert.False(reading.IsCompleted);
        Assert.Equal(1, await store.GetRevisionAsync(None));
        Assert.Equal(1, follower.ChangedAt);
        Assert.Equal(["a=1@1/1"], await ContentAsync(store, 0));
        gate.Open();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => later);
        Assert.Equal(2, (await stuck).Revision);
        Assert.Equal(2, (await reading).Events[0].Revision);
        Assert.Null(await store.GetAsync("b", None));
    }

    [Fact]
    public async Task Write_ManyAtOnceByOneCaller_ShareOneCommit()
    {
        await using var store = await OpenAsync();
        await Task.WhenAll(Enumerable.Range(0, 500).Select(i => PutAsync(store, $"k{i}", "1")));
        using var gate = new CommitGate();
        _fault = gate.Pass;
        var first = DeleteAsync(store, "k0");
        await gate.Reached;
        var before = store.Commits;

        // Emptying a collection: started together, awaited together.
        var deletes = Enumerable.Range(1, 499).Select(i => DeleteAsync(store, $"k{i}")).ToArray();
        gate.Open();
        await first;
        await Task.WhenAll(deletes);
        Assert.Equal(2, store.Commits - before);
        Assert.Empty(await ContentAsync(store, 0));
    }

    [Fact]
    public async Task Write_HugeValuesAtOnce_DoNotAllShareOneCommit()
    {
        await using var store = await OpenAsync();
        using var gate = new CommitGate();
        _fault = gate.Pass;
        var first = PutAsync(store, "first", "1");
        await gate.Reached;
        var before = store.Commits;
        var value = new string('v', WriteQueue.BatchBytes / 4);
        var puts = Enumerable.Range(0, 8).Select(i => PutAsync(store, $"k{i}", value)).ToArray();
        gate.Open();
        await first;
        await Task.WhenAll(puts);
        Assert.Equal(3, store.Commits - before);
    }

    private Task<SqliteStore> OpenAsync(StoreOptions? options = null) =>
        SqliteStore.OpenAsync(
            Database,
            options ?? new StoreOptions(),
            new SqliteTuning { Fault = sql => _fault?.Invoke(sql) ?? 0 },
            TimeProvider.System,
            NullLogger.Instance,
            None);

    private static async Task<WriteResult> PutAsync(SqliteStore store, string key, string value) =>
        await store.WriteAsync(StoreWrite.Put(key, Encoding.UTF8.GetBytes(value), null), None);

    private static async Task DeleteAsync(SqliteStore store, string key) =>
        await store.WriteAsync(StoreWrite.Delete(key, null), None);

    private static async Task<string[]> ContentAsync(SqliteStore store, long revision)
    {
        var list = await store.ListAsync(new ListQuery("", Revision: revision), None);
        Assert.Equal(ReadOutcome.Ok, list.Outcome);
        return [.. list.Entries.Select(entry =>
            $"{entry.Key}={Encoding.UTF8.GetString(entry.Value.Span)}@{entry.CreateRevision}/{entry.ModRevision}")];
    }

    private void Change(string sql)
    {
        File.AppendAllText(Database, "");
        using var connection = new SqliteConnection(Database);
        connection.Execute(sql);
    }

    /// <summary>Opens and closes until idle deletion has left so many rows, or a bound says it never will.</summary>
    private async Task<int> WaitForRowsAsync(int expected)
    {
        for (var attempt = 0; ; attempt++)
        {
            int rows;
            using (var connection = new SqliteConnection(Database))
            {
                rows = int.Parse(connection.Ask("SELECT count(*) FROM log"));
            }

            if (rows == expected || attempt == 100)
            {
                return rows;
            }

            await (await OpenAsync()).DisposeAsync();
        }
    }
}
