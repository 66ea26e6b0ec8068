using Coxswain.Store.Sqlite;
using Microsoft.Extensions.Logging.Abstractions;

namespace Coxswain.Store.Tests.Sqlite;

/// <summary>On a full disk one can still delete, stop and start.</summary>
public sealed class FullDiskTests : IDisposable
{
    private const int Megabytes = 64;
    private const int Value = 100_000;

    /// <summary>As much smaller than a server's as the disk is.</summary>
    private static readonly StoreOptions Options = new() { KeepBytes = 4 << 20 };

    private static readonly CancellationToken None = CancellationToken.None;

    private readonly SmallDisk _disk = new(Megabytes);

    private string Database => _disk.File("store.db");

    private string Reserve => Database + "-reserve";

    public void Dispose() => _disk.Dispose();

    [RootFact]
    public async Task Write_DiskIsFilledByOthers_DeletesAndSmallUpdatesGoThrough()
    {
        await using var store = await OpenAsync();
        await PutAsync(store, 0, 40);
        _disk.Fill("ballast");
        var written = await FillAsync(store, 40);
        var exception = await Assert.ThrowsAsync<StoreException>(() => PutAsync(store, written, 1));
        Assert.Equal(StoreFailure.NoSpace, exception.Failure);
        Assert.Contains("disk is full", exception.Message, StringComparison.Ordinal);
        Assert.False(File.Exists(Reserve));

        // A conflict is still told, an object that hardly grows is written, one that grows is not.
        Assert.Equal(WriteOutcome.Conflict, (await WriteAsync(store, "k0", Value * 2, expected: 0)).Outcome);
        Assert.Equal(WriteOutcome.Committed, (await WriteAsync(store, "k0", Value + 500)).Outcome);
        exception = await Assert.ThrowsAsync<StoreException>(() => WriteAsync(store, "k0", Value * 2));
        Assert.Equal(StoreFailure.NoSpace, exception.Failure);
        for (var i = 0; i < written; i++)
        {
            await store.WriteAsync(StoreWrite.Delete($"k{i}", null), None);
        }

        Assert.Empty((await store.ListAsync(new ListQuery(""), None)).Entries);

        // Room again: everything is as it was.
        File.Delete(_disk.File("ballast"));
        await PutAsync(store, 0, 1);
        Assert.True(File.Exists(Reserve));
    }

    [RootFact]
    public async Task Write_StoreFillsTheDiskItself_DeletesMakeRoomInside()
    {
        await using var store = await OpenAsync();
        for (var round = 0; round < 3; round++)
        {
            var written = await FillAsync(store, 0);
            Assert.True(written > 100, $"only {written} values of round {round} fitted");
            for (var i = 0; i < written; i++)
            {
                await store.WriteAsync(StoreWrite.Delete($"k{i}", null), None);
            }

            Assert.Empty((await store.ListAsync(new ListQuery(""), None)).Entries);
        }
    }

    [RootFact]
    public async Task Open_FullDisk_DeletesGoThrough()
    {
        await using (var store = await OpenAsync())
        {
            await PutAsync(store, 0, 100);
            _disk.Fill("ballast");
        }

        for (var restart = 0; restart < 5; restart++)
        {
            // Whatever a stop gave back is taken by others at once.
            _disk.Fill($"ballast{restart}");
            Assert.Equal(0, _disk.Free);
            await using var store = await OpenAsync();
            for (var i = 0; i < 10; i++)
            {
                await store.WriteAsync(StoreWrite.Delete($"k{(restart * 10) + i}", null), None);
            }

            _disk.Fill($"more{restart}");
        }

        await using var last = await OpenAsync();
        Assert.Equal(50, (await last.ListAsync(new ListQuery(""), None)).Entries.Count);
    }

    [RootFact]
    public async Task Open_FullDiskAndNoReserve_SaysNoSpace()
    {
        await (await OpenAsync()).DisposeAsync();
        File.Delete(Reserve);
        _disk.Fill("ballast");
        var exception = await Assert.ThrowsAsync<StoreException>(OpenAsync);
        Assert.Equal(StoreFailure.NoSpace, exception.Failure);
    }

    [RootFact]
    public async Task Write_FullDisk_UpdatesUseTheirRoomAgainAndAgain()
    {
        const int Usual = 10_000;
        await using var store = await OpenAsync();
        await PutAsync(store, 0, 200, Usual);
        _disk.Fill("ballast");
        var written = await FillAsync(store, 200, Usual);
        for (var i = 0; i < 5_000; i++)
        {
            // Ten times what the reserve is: what they replace is forgotten, and the log copied and begun anew.
            await WriteAsync(store, $"k{i % written}", Usual);
        }

        Assert.Equal(written, (await store.ListAsync(new ListQuery(""), None)).Entries.Count);
    }

    /// <summary>Creates until that is refused; says how many keys there are then.</summary>
    private static async Task<int> FillAsync(SqliteStore store, int from, int bytes = Value)
    {
        for (var i = from; ; i++)
        {
            try
            {
                await PutAsync(store, i, 1, bytes);
            }
            catch (StoreException exception) when (exception.Failure == StoreFailure.NoSpace)
            {
                return i;
            }
        }
    }

    private static async Task PutAsync(SqliteStore store, int from, int count, int bytes = Value)
    {
        for (var i = from; i < from + count; i++)
        {
            await WriteAsync(store, $"k{i}", bytes);
        }
    }

    private static async Task<WriteResult> WriteAsync(SqliteStore store, string key, int bytes, long? expected = null) =>
        await store.WriteAsync(StoreWrite.Put(key, new byte[bytes], expected), None);

    private Task<SqliteStore> OpenAsync() =>
        SqliteStore.OpenAsync(Database, Options, TimeProvider.System, NullLogger.Instance, None);
}
