using System.Security.Cryptography;
using System.Text;
using Coxswain.Store;
using Coxswain.Store.CrashWriter;
using Coxswain.Store.Sqlite;
using Microsoft.Extensions.Logging.Abstractions;

// Writes to a store at full speed and prints every acknowledged write, until it is killed.
//   Coxswain.Store.CrashWriter <database> <seed> <kept revisions>
const int Writers = 16;
const int Keys = 1_500;

// A parent that died cannot kill: then this is the end.
const int WritesMost = 150_000;

var (path, seed, kept) = (args[0], int.Parse(args[1]), int.Parse(args[2]));
var options = new StoreOptions { KeepRevisions = kept, AtLeastRevisions = kept };
await using var output = Console.OpenStandardOutput();
await using var store = await SqliteStore.OpenAsync(
    path, options, TimeProvider.System, NullLogger.Instance, CancellationToken.None);
Print("ready\n");
await Task.WhenAll(Enumerable.Range(0, Writers).Select(writer => Task.Run(() => WriteAsync(writer))));

async Task WriteAsync(int writer)
{
    var random = new Random(seed * Writers + writer);
    for (var i = 0; i < WritesMost / Writers; i++)
    {
        var key = $"/registry/things/{random.Next(Keys)}";
        long? expected = random.Next(3) == 0
            ? (await store.GetAsync(key, CancellationToken.None))?.ModRevision ?? 0
            : null;
        var value = random.Next(5) == 0 ? null : CheckedValue.Make(key, random);
        var write = value is null ? StoreWrite.Delete(key, expected) : StoreWrite.Put(key, value, expected);
        var before = await store.GetRevisionAsync(CancellationToken.None);
        var result = await store.WriteAsync(write, CancellationToken.None);
        var changed = result.Outcome == WriteOutcome.Committed && (value is not null || result.Entry is not null);
        if (changed && result.Revision <= before)
        {
            throw new InvalidOperationException($"revision {result.Revision} was given after {before} was seen");
        }

        if (changed)
        {
            Print($"{result.Revision} {key} {(value is null ? "-" : Convert.ToHexString(SHA256.HashData(value)))}\n");
        }
    }
}

void Print(string line)
{
    lock (output)
    {
        output.Write(Encoding.ASCII.GetBytes(line));
    }
}
