using Coxswain.Store.Sqlite;
using Microsoft.Extensions.Logging.Abstractions;

namespace Coxswain.Store.Tests.Sqlite;

/// <summary>
/// The rows of a deleted key leave the database in order, value before deletion, whatever fails on the way: otherwise the
/// next start finds the key alive.
/// </summary>
public sealed class DeadRowTests : IDisposable
{
    private const int IoError = 10;
    private const int Full = 13;
    private static readonly CancellationToken None = CancellationToken.None;

    private readonly ScratchDirectory _scratch = new();
    private volatile Func<string, int>? _fault;
    private int _deletes;

    public void Dispose() => _scratch.Dispose();

    [Theory]
    [InlineData(1, IoError)]
    [InlineData(2, IoError)]
    [InlineData(3, IoError)]
    [InlineData(2, Full)]
    public async Task Delete_RowFails_RestartFindsNoDeletedKeyAlive(int failing, int code)
    {
        await using (var store = await OpenAsync())
        {
            await PrepareAsync(store);
            _fault = sql => IsRowDelete(sql) && ++_deletes % 3 == failing % 3 ? code : 0;
            await WorkAsync(store);
            _fault = null;
            await store.CompactAsync(long.MaxValue, None);
            await PutAsync(store, "b", "last");
        }

        await AssertOnlyLiveAsync();
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public async Task Delete_CommitFails_RestartFindsNoDeletedKeyAlive(int everyNth)
    {
        var commits = 0;
        await using (var store = await OpenAsync())
        {
            await PrepareAsync(store);
            _fault = sql => sql == "COMMIT" && ++commits % (everyNth + 1) != 0 ? IoError : 0;
            await WorkAsync(store);
            _fault = null;
            await store.CompactAsync(long.MaxValue, None);
            await PutAsync(store, "b", "last");
        }

        await AssertOnlyLiveAsync();
    }

    [Fact]
    public async Task Delete_CommitFailsWithMoreRowsWaiting_KeepsTheirOrder()
    {
        // More rows than go at once, with a write or between two; each attempt between writes fails.
        await using var store = await OpenAsync();
        for (var i = 0; i < 300; i++)
        {
            await PutAsync(store, "a", $"{i}");
        }

        await store.WriteAsync(StoreWrite.Delete("a", null), None);
        var writes = false;
        var failed = 0;
        _fault = sql =>
        {
            writes = !sql.StartsWith("BEGIN", StringComparison.Ordinal)
                && (writes || sql.Split(' ')[0] is "INSERT" or "UPDATE");
            var isBetween = sql == "COMMIT" && !writes;
            failed += isBetween ? 1 : 0;
            return isBetween ? IoError : 0;
        };
        await store.CompactAsync(long.MaxValue, None);
        for (var i = 0; i < 5; i++)
        {
            await PutAsync(store, "b", $"{i}");
            await AssertCopyOnlyHasAsync("b");
        }

        Assert.True(failed > 0);
    }

    [Fact]
    public async Task Delete_EveryStepFailsOnce_NoRestartFindsADeletedKeyAlive()
    {
        // One failure at each statement of the whole of it, each followed by some more deletions and a restart.
        for (var step = 1; ; step++)
        {
            using var scratch = new ScratchDirectory();
            var seen = 0;
            await using (var store = await OpenAsync(scratch.File("store.db")))
            {
                await PrepareAsync(store);
                _fault = _ => Interlocked.Increment(ref seen) == step ? IoError : 0;
                await WorkAsync(store);
                _fault = null;
            }

            await using var reopened = await OpenAsync(scratch.File("store.db"));
            Assert.Null(await reopened.GetAsync("a", None));
            if (seen < step)
            {
                Assert.True(step > 20, $"only {step} steps");
                return;
            }
        }
    }

    /// <summary>A key with several values, deleted; all of it is history that is no longer needed.</summary>
    private static async Task PrepareAsync(SqliteStore store)
    {
        await PutAsync(store, "a", "1");
        await PutAsync(store, "a", "2");
        await PutAsync(store, "b", "1");
        await PutAsync(store, "a", "3");
        await store.WriteAsync(StoreWrite.Delete("a", null), None);
        await PutAsync(store, "b", "2");
    }

    /// <summary>Compacts, and writes so that rows are deleted with the writes and between them. Any of it may fail.</summary>
    private static async Task WorkAsync(SqliteStore store)
    {
        for (var i = 0; i < 6; i++)
        {
            try
            {
                await (i % 2 == 0
                    ? store.CompactAsync(long.MaxValue, None).AsTask()
                    : store.WriteAsync(StoreWrite.Put("b", "x"u8.ToArray(), null), None).AsTask());
            }
            catch (StoreException)
            {
                // The point of it.
            }
        }
    }

    private static bool IsRowDelete(string sql) => sql.StartsWith("DELETE FROM log", StringComparison.Ordinal);

    private async Task AssertOnlyLiveAsync()
    {
        // Restarts go on deleting where the last one stopped; the key must not appear at any point.
        for (var restart = 0; restart < 5; restart++)
        {
            await using var store = await OpenAsync();
            var list = await store.ListAsync(new ListQuery(""), None);
            Assert.Equal(["b"], list.Entries.Select(entry => entry.Key));
        }

        using var connection = new SqliteConnection(_scratch.File("store.db"));
        Assert.Equal("", connection.Ask("SELECT key FROM log WHERE key = 'a'"));
    }

    /// <summary>What a start would find if the process died now; between writes the files stand still.</summary>
    private async Task AssertCopyOnlyHasAsync(string key)
    {
        using var scratch = new ScratchDirectory();
        foreach (var suffix in new[] { "", "-wal" })
        {
            await using var from = new FileStream(
                _scratch.File("store.db" + suffix), FileMode.Open, FileAccess.Read, FileShare.ReadWrite);
            await using var to = File.Create(scratch.File("store.db" + suffix));
            await from.CopyToAsync(to);
        }

        await using var copy = await SqliteStore.OpenAsync(
            scratch.File("store.db"), new StoreOptions(), TimeProvider.System, NullLogger.Instance, None);
        var list = await copy.ListAsync(new ListQuery(""), None);
        Assert.Equal([key], list.Entries.Select(entry => entry.Key));
    }

    private Task<SqliteStore> OpenAsync(string? path = null) => SqliteStore.OpenAsync(
        path ?? _scratch.File("store.db"),
        new StoreOptions(),
        new SqliteTuning { Fault = sql => _fault?.Invoke(sql) ?? 0 },
        TimeProvider.System,
        NullLogger.Instance,
        None);

    private static async Task PutAsync(SqliteStore store, string key, string value) =>
        await store.WriteAsync(StoreWrite.Put(key, System.Text.Encoding.UTF8.GetBytes(value), null), None);
}
