using System.Diagnostics;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using Coxswain.Store.CrashWriter;
using Coxswain.Store.Sqlite;
using Microsoft.Extensions.Logging.Abstractions;

namespace Coxswain.Store.Tests.Sqlite;

/// <summary>
/// A process that writes with 16 writers is killed, again and again, on one database. What it was told is written must
/// be there, and the log must tell a story without gaps.
/// </summary>
public sealed class CrashTests : IDisposable
{
    private const int Rounds = 50;

    /// <summary>Several rounds' worth, so that compaction runs, and the previous round can still be read.</summary>
    private const int KeptRevisions = 20_000;

    private readonly ScratchDirectory _scratch = new();
    private readonly SortedDictionary<string, StoreEntry> _model = new(StringComparer.Ordinal);
    private long _revision;

    public void Dispose() => _scratch.Dispose();

    [Fact]
    public async Task Kill_WhileWriting_KeepsEveryAcknowledgedWrite()
    {
        var random = new Random(20);
        for (var round = 0; round < Rounds; round++)
        {
            // Some die before their first write, most in the middle of thousands, some after the write-ahead log has
            // grown enough that it is being copied into the database.
            var enough = random.Next(10) switch { 0 => 0, 1 => random.Next(6_000, 9_000), _ => random.Next(2_000) };
            var acknowledged = await WriteUntilKilledAsync(round, enough);
            await CheckAsync(round, acknowledged);
        }

        Assert.True(_revision > KeptRevisions, $"only {_revision} revisions: compaction never ran");
    }

    private async Task<List<string>> WriteUntilKilledAsync(int round, int enough)
    {
        using var process = Process.Start(new ProcessStartInfo
        {
            FileName = Path.Combine(RuntimeEnvironment.GetRuntimeDirectory(), "../../../dotnet"),
            ArgumentList =
            {
                typeof(CheckedValue).Assembly.Location, _scratch.File("store.db"), $"{round}", $"{KeptRevisions}",
            },
            RedirectStandardOutput = true,
        })!;
        var text = process.StandardOutput;
        Assert.Equal("ready", await text.ReadLineAsync());
        var acknowledged = new List<string>();
        while (acknowledged.Count < enough && await text.ReadLineAsync() is { } line)
        {
            acknowledged.Add(line);
        }

        process.Kill();
        var rest = await text.ReadToEndAsync();
        await process.WaitForExitAsync();
        Assert.Equal(128 + 9, process.ExitCode);

        // What follows the last line end is a line that the kill cut off.
        acknowledged.AddRange(rest.Split('\n')[..^1]);
        return acknowledged;
    }

    private async Task CheckAsync(int round, List<string> acknowledged)
    {
        await using var store = await SqliteStore.OpenAsync(
            _scratch.File("store.db"),
            new StoreOptions { KeepRevisions = KeptRevisions, AtLeastRevisions = KeptRevisions },
            TimeProvider.System,
            NullLogger.Instance,
            CancellationToken.None);
        var newest = await store.GetRevisionAsync(CancellationToken.None);
        Assert.True(newest >= _revision, $"round {round}: revision went back from {_revision} to {newest}");
        var events = await ReplayAsync(store, newest);
        foreach (var line in acknowledged)
        {
            var parts = line.Split(' ');
            Assert.True(events.TryGetValue(long.Parse(parts[0]), out var storeEvent), $"round {round}: lost {line}");
            Assert.Equal(line, $"{storeEvent.Revision} {storeEvent.Key} {Checksum(storeEvent.Entry)}");
        }

        var list = await store.ListAsync(new ListQuery(""), CancellationToken.None);
        Assert.Equal(newest, list.Revision);
        Assert.Equal(_model.Values.Select(Describe), list.Entries.Select(Describe));
        _revision = newest;
    }

    /// <summary>Reads the log since the last round, checks each event against what stood before, and applies it.</summary>
    private async Task<Dictionary<long, StoreEvent>> ReplayAsync(SqliteStore store, long newest)
    {
        var events = new Dictionary<long, StoreEvent>();
        var opened = await store.WatchAsync("", _revision, CancellationToken.None);
        Assert.Equal(ReadOutcome.Ok, opened.Outcome);
        await using var watcher = opened.Watcher!;
        for (var expected = _revision + 1; expected <= newest;)
        {
            var batch = await watcher.ReadAsync(CancellationToken.None);
            Assert.Equal(ReadOutcome.Ok, batch.Outcome);
            foreach (var storeEvent in batch.Events)
            {
                Assert.Equal(expected++, storeEvent.Revision);
                Apply(storeEvent);
                events.Add(storeEvent.Revision, storeEvent);
            }
        }

        return events;
    }

    private void Apply(StoreEvent storeEvent)
    {
        _model.TryGetValue(storeEvent.Key, out var previous);
        Assert.Equal(previous is null ? null : Describe(previous), storeEvent.Previous is { } p ? Describe(p) : null);
        if (storeEvent.Entry is { } entry)
        {
            Assert.True(CheckedValue.IsWhole(entry.Key, entry.Value.Span), $"{entry.Key} is half-written");
            Assert.Equal(previous?.CreateRevision ?? storeEvent.Revision, entry.CreateRevision);
            _model[storeEvent.Key] = entry;
        }
        else
        {
            Assert.True(_model.Remove(storeEvent.Key), $"{storeEvent.Key} was deleted but did not exist");
        }
    }

    private static string Checksum(StoreEntry? entry) =>
        entry is null ? "-" : Convert.ToHexString(SHA256.HashData(entry.Value.Span));

    private static string Describe(StoreEntry entry) =>
        $"{entry.Key} {entry.CreateRevision} {entry.ModRevision} {Checksum(entry)}";
}
