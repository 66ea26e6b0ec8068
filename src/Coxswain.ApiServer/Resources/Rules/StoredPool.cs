using System.Text.Json.Nodes;
using Coxswain.Api.Json;
using Coxswain.Api.Scalars;
using Coxswain.ApiServer.Documents;
using Coxswain.Store;

namespace Coxswain.ApiServer.Resources.Rules;

/// <summary>What came of asking a pool for one thing.</summary>
internal enum PoolOutcome
{
    Ok,
    Taken,
    OutOfRange,
}

/// <summary>
/// Numbers of which each belongs to one Service at a time. Taking one is the creation of a key that must not exist, so two
/// servers over one store never hand out the same; nothing is remembered but in the store.
/// </summary>
/// <param name="prefix">What the keys of the pool begin with.</param>
/// <param name="describe">The document kept under a number's key, for its text and its Service.</param>
internal sealed class StoredPool(
    IStore store, INumberRange range, string prefix, Func<string, NamespacedService, JsonObject> describe, Random random, TimeProvider time)
{
    /// <summary>A Service is written within this of what was taken for it; what has none by then was left behind.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(1);

    public INumberRange Range => range;

    /// <param name="isDry">Look, but take nothing.</param>
    public async ValueTask<PoolOutcome> TryTakeAsync(string text, NamespacedService service, bool isDry, CancellationToken cancellationToken)
    {
        if (!range.TryParse(text, out var number))
        {
            return PoolOutcome.OutOfRange;
        }

        return await TryTakeAsync(number, service, isDry, cancellationToken) ? PoolOutcome.Ok : PoolOutcome.Taken;
    }

    /// <summary>Null when every number is taken.</summary>
    public async ValueTask<string?> TakeAnyAsync(NamespacedService service, bool isDry, CancellationToken cancellationToken)
    {
        var from = range.FirstAutomatic;
        var count = range.Last - from + 1;
        var start = random.NextInt64(count);
        for (long i = 0; i < count; i++)
        {
            var number = from + ((start + i) % count);
            if (await TryTakeAsync(number, service, isDry, cancellationToken))
            {
                return range.Text(number);
            }
        }

        for (var number = range.First; number < from; number++)
        {
            if (await TryTakeAsync(number, service, isDry, cancellationToken))
            {
                return range.Text(number);
            }
        }

        return null;
    }

    public async ValueTask ReleaseAsync(string text, CancellationToken cancellationToken)
    {
        if (range.TryParse(text, out var number))
        {
            await store.WriteAsync(StoreWrite.Delete(KeyOf(number), null), cancellationToken);
        }
    }

    /// <summary>Takes what Services hold without it, and gives back what none holds any more: a process may have died in between.</summary>
    /// <param name="held">The texts in use, and whose they are.</param>
    public async Task RepairAsync(IReadOnlyDictionary<string, NamespacedService> held, CancellationToken cancellationToken)
    {
        foreach (var (text, service) in held)
        {
            if (range.TryParse(text, out var number))
            {
                await TryTakeAsync(number, service, isDry: false, cancellationToken);
            }
        }

        var list = await store.ListAsync(new ListQuery(prefix), cancellationToken);
        var oldest = time.GetUtcNow() - Patience;
        foreach (var entry in list.Entries.Where(entry => !held.ContainsKey(entry.Key[prefix.Length..])))
        {
            // Another server may have taken it just now, for a Service that it is about to write.
            if (StoredObject.ReadMetadata(entry).CreationTimestamp is { } created && created < oldest)
            {
                await store.WriteAsync(StoreWrite.Delete(entry.Key, entry.ModRevision), cancellationToken);
            }
        }
    }

    private string KeyOf(long number) => prefix + range.Text(number);

    private async ValueTask<bool> TryTakeAsync(long number, NamespacedService service, bool isDry, CancellationToken cancellationToken)
    {
        var key = KeyOf(number);
        if (await store.GetAsync(key, cancellationToken) is not null)
        {
            return false;
        }

        if (isDry)
        {
            return true;
        }

        var document = describe(range.Text(number), service);
        document.Metadata()["creationTimestamp"] = KubeTime.Format(time.GetUtcNow());
        return (await store.WriteAsync(StoreWrite.Put(key, Document.Encode(document), 0), cancellationToken)).Outcome == WriteOutcome.Committed;
    }
}

/// <summary>Whom a number belongs to.</summary>
internal readonly record struct NamespacedService(string Namespace, string Name)
{
    public static NamespacedService Of(JsonObject service) => new(service.Metadata().Text("namespace"), service.Metadata().Text("name"));
}
