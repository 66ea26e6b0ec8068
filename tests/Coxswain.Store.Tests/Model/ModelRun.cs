using System.Text;

namespace Coxswain.Store.Tests.Model;

/// <summary>
/// Does the same to a store and to the plainest model of it (every version of a sorted dictionary, kept), then compares
/// everything that can be read.
/// </summary>
/// <param name="fail">Makes the next step of a kind of statement fail; null for a store that has none.</param>
internal sealed class ModelRun(IStore store, Func<IStore, Task<IStore>> reopen, Action<string>? fail)
{
    private static readonly string[] Prefixes = ["", "a", "a/", "a/b", "b", "b/", "c", "\uffff"];
    private static readonly string[] Failing = ["COMMIT", "DELETE", "INSERT", "UPDATE", "checkpoint"];
    private static readonly CancellationToken None = CancellationToken.None;

    private readonly List<SortedDictionary<string, (string Value, long Created, long Modified)>> _versions =
        [new(StringComparer.Ordinal)];

    private readonly List<long> _revisions = [0];
    private readonly List<string> _events = ["none"];
    private IStore _store = store;
    private long _compacted;

    private long Revision => _revisions[^1];

    public async Task RunAsync(IEnumerable<Step> steps)
    {
        try
        {
            var number = 0;
            foreach (var step in steps)
            {
                await DoAsync(step, ++number);
            }

            await CompareAsync();
        }
        finally
        {
            await _store.DisposeAsync();
        }
    }

    private async Task DoAsync(Step step, int number)
    {
        var key = Key(step.Key);
        var known = _versions[^1].TryGetValue(key, out var current);
        long? right = known ? current.Modified : 0;
        switch (step.Kind)
        {
            case < 5: await PutAsync(key, $"{number}", null); break;
            case < 8: await PutAsync(key, $"{number}", right); break;
            case < 9: await PutAsync(key, $"{number}", right + 1); break;
            case < 13: await DeleteAsync(key, null); break;
            case < 15: await DeleteAsync(key, right); break;
            case < 16: await DeleteAsync(key, right + 1); break;
            case < 17: await CompactAsync(step.Key % (Revision + 1)); break;
            case < 18: _store = await reopen(_store); break;
            case < 20: await CompareListAsync(Prefixes[step.Key % Prefixes.Length], Revision, step.Key % 5); break;
            default: fail?.Invoke(Failing[step.Key % Failing.Length]); break;
        }
    }

    private static string Key(int number) =>
        (number % 3) switch { 0 => "a", 1 => "b", _ => "a/b" } + ((number / 3 % 4) switch
        {
            0 => "", 1 => "/", 2 => $"/{number / 12 % 100:00}", _ => "\uffff",
        });

    private async Task PutAsync(string key, string value, long? expected)
    {
        var known = _versions[^1].TryGetValue(key, out var current);
        if (await TryWriteAsync(StoreWrite.Put(key, Encoding.UTF8.GetBytes(value), expected)) is not { } result)
        {
            return;
        }

        if (expected is not null && expected != current.Modified)
        {
            Assert.Equal((WriteOutcome.Conflict, Revision), (result.Outcome, result.Revision));
            return;
        }

        var revision = result.Revision;
        Assert.Equal(WriteOutcome.Committed, result.Outcome);
        Assert.True(revision > Revision);
        var next = new SortedDictionary<string, (string, long, long)>(_versions[^1], StringComparer.Ordinal)
        {
            [key] = (value, known ? current.Created : revision, revision),
        };
        _versions.Add(next);
        _revisions.Add(revision);
        _events.Add($"{revision} {(known ? "Updated" : "Created")} {key}={value} was {current.Value}");
    }

    private async Task DeleteAsync(string key, long? expected)
    {
        var known = _versions[^1].TryGetValue(key, out var current);
        if (await TryWriteAsync(StoreWrite.Delete(key, expected)) is not { } result)
        {
            return;
        }

        if (expected is not null && expected != current.Modified)
        {
            Assert.Equal((WriteOutcome.Conflict, Revision), (result.Outcome, result.Revision));
            return;
        }

        if (known)
        {
            var next = new SortedDictionary<string, (string, long, long)>(_versions[^1], StringComparer.Ordinal);
            next.Remove(key);
            Assert.True(result.Revision > Revision);
            _versions.Add(next);
            _revisions.Add(result.Revision);
            _events.Add($"{Revision} Deleted {key}= was {current.Value}");
        }

        Assert.Equal((WriteOutcome.Committed, Revision), (result.Outcome, result.Revision));
    }

    /// <summary>Null for a write that failed, and so changed nothing.</summary>
    private async Task<WriteResult?> TryWriteAsync(StoreWrite write)
    {
        try
        {
            return await _store.WriteAsync(write, None);
        }
        catch (StoreException) when (fail is not null)
        {
            return null;
        }
    }

    private async Task CompactAsync(long revision)
    {
        try
        {
            await _store.CompactAsync(revision, None);
            _compacted = Math.Max(_compacted, revision);
        }
        catch (StoreException) when (fail is not null)
        {
            // Nothing was forgotten.
        }
    }

    private async Task CompareAsync()
    {
        Assert.Equal(Revision, await _store.GetRevisionAsync(None));
        foreach (var prefix in Prefixes)
        {
            for (var revision = 1L; revision <= Revision; revision++)
            {
                await CompareListAsync(prefix, revision, (int)(revision % 4));
            }

            for (var after = 0L; after <= Revision; after++)
            {
                await CompareWatchAsync(prefix, after);
            }
        }
    }

    private async Task CompareListAsync(string prefix, long revision, int limit)
    {
        var expected = _versions[_revisions.FindLastIndex(written => written <= revision)]
            .Where(pair => pair.Key.StartsWith(prefix, StringComparison.Ordinal))
            .Select(pair => $"{pair.Key}={pair.Value}").ToArray();
        var found = new List<string>();
        string? startAfter = null;
        do
        {
            var page = await _store.ListAsync(new ListQuery(prefix, startAfter, limit, revision), None);
            if (revision < _compacted)
            {
                Assert.Equal((ReadOutcome.Compacted, Revision), (page.Outcome, page.Revision));
                return;
            }

            Assert.Equal((ReadOutcome.Ok, revision == 0 ? Revision : revision), (page.Outcome, page.Revision));
            found.AddRange(page.Entries.Select(entry =>
                $"{entry.Key}={(Encoding.UTF8.GetString(entry.Value.Span), entry.CreateRevision, entry.ModRevision)}"));
            Assert.Equal(expected.Length - found.Count, page.RemainingCount);
            startAfter = page.Entries.Count == 0 ? null : page.Entries[^1].Key;
        }
        while (found.Count < expected.Length);

        Assert.Equal(expected, found);
    }

    private async Task CompareWatchAsync(string prefix, long after)
    {
        var opened = await _store.WatchAsync(prefix, after, None);
        Assert.Equal(after < _compacted ? ReadOutcome.Compacted : ReadOutcome.Ok, opened.Outcome);
        if (opened.Watcher is not { } watcher)
        {
            return;
        }

        await using (watcher)
        {
            var expected = _events.Skip(_revisions.FindLastIndex(written => written <= after) + 1)
                .Where(text => text.Split(' ', 3)[2].StartsWith(prefix, StringComparison.Ordinal)).ToArray();
            var found = expected.Length == 0 ? [] : (await watcher.ReadAsync(None)).Events;
            Assert.Equal(expected, found.Select(Describe));
            Assert.Equal(Revision, await watcher.ProgressAsync(None));
        }
    }

    private static string Describe(StoreEvent storeEvent) =>
        $"{storeEvent.Revision} {storeEvent.Type} {storeEvent.Key}={Text(storeEvent.Entry)} was {Text(storeEvent.Previous)}";

    private static string Text(StoreEntry? entry) =>
        entry is null ? "" : Encoding.UTF8.GetString(entry.Value.Span);
}
