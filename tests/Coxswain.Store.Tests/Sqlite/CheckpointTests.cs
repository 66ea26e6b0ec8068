using System.Text;
using Coxswain.Store.Sqlite;
using Microsoft.Extensions.Logging.Abstractions;

namespace Coxswain.Store.Tests.Sqlite;

/// <summary>
/// Which connection copies the write-ahead log, and when: beside the writer only while the log is known to be incomplete.
/// </summary>
public sealed class CheckpointTests : IDisposable
{
    private static readonly CancellationToken None = CancellationToken.None;

    /// <summary>Each commit of one is more than the log may hold.</summary>
    private static readonly byte[] Huge = new byte[36 << 20];

    private readonly ScratchDirectory _scratch = new();
    private readonly List<string> _checkpoints = [];
    private int _writersToFail;

    public void Dispose() => _scratch.Dispose();

    [Fact]
    public async Task Checkpoint_LogIsCopiedToItsEnd_IsNotAskedForAgain()
    {
        await using var store = await OpenAsync();
        await PutAsync(store, Huge);
        await ConflictUntilAsync(store, 2);
        await ConflictAsync(store, 50);
        Assert.Equal(["store checkpoint", "store writer"], Checkpoints());
        await PutAsync(store, Huge);
        await ConflictUntilAsync(store, 4);
        await ConflictAsync(store, 50);
        Assert.Equal(["store checkpoint", "store writer", "store checkpoint", "store writer"], Checkpoints());
    }

    [Fact]
    public async Task Checkpoint_WriterCannotCopyTheRest_OnlyTheWriterTriesAgain()
    {
        _writersToFail = 3;
        await using var store = await OpenAsync();
        await PutAsync(store, Huge);
        await ConflictUntilAsync(store, 5);
        Assert.Equal(["store checkpoint", .. Enumerable.Repeat("store writer", 4)], Checkpoints());
        await PutAsync(store, [1]);
        await ConflictAsync(store, 50);
        Assert.Equal(5, Checkpoints().Length);
    }

    private Task<SqliteStore> OpenAsync() => SqliteStore.OpenAsync(
        _scratch.File("store.db"),
        new StoreOptions(),
        new SqliteTuning { Fault = See },
        TimeProvider.System,
        NullLogger.Instance,
        None);

    private int See(string sql)
    {
        if (sql != "checkpoint")
        {
            return 0;
        }

        lock (_checkpoints)
        {
            _checkpoints.Add(Thread.CurrentThread.Name!);
            return Thread.CurrentThread.Name == "store writer" && _writersToFail-- > 0 ? 10 : 0;
        }
    }

    private string[] Checkpoints()
    {
        lock (_checkpoints)
        {
            return [.. _checkpoints];
        }
    }

    private static async Task PutAsync(SqliteStore store, byte[] value) => Assert.Equal(
        WriteOutcome.Committed, (await store.WriteAsync(StoreWrite.Put("a", value, null), None)).Outcome);

    /// <summary>Turns of the writer that commit nothing.</summary>
    private static async Task ConflictAsync(SqliteStore store, int turns)
    {
        for (var i = 0; i < turns; i++)
        {
            var result = await store.WriteAsync(StoreWrite.Put("a", Encoding.UTF8.GetBytes("x"), 0), None);
            Assert.Equal(WriteOutcome.Conflict, result.Outcome);
        }
    }

    private async Task ConflictUntilAsync(SqliteStore store, int checkpoints)
    {
        while (Checkpoints().Length < checkpoints)
        {
            await ConflictAsync(store, 1);
            await Task.Yield();
        }
    }
}
