using Coxswain.Api.Scalars;
using Coxswain.ApiServer.Documents;
using Coxswain.Store;
using Microsoft.Extensions.Logging;

namespace Coxswain.ApiServer.Bootstrap;

/// <summary>
/// Removes Events when they are old: nothing else ever deletes them. An Event says itself when it last happened, and may say the
/// future; what the store had already when its lifetime began is old whatever it says.
/// </summary>
internal sealed partial class EventCleaner(IStore store, TimeSpan lifetime, TimeProvider time, ILogger<EventCleaner> logger)
{
    private static readonly TimeSpan Period = TimeSpan.FromMinutes(1);
    private static readonly string[] Prefixes = ["/registry/core/events/", "/registry/events.k8s.io/events/"];

    /// <summary>How many Events are deleted at once: enough that they share commits, few enough to leave others room.</summary>
    private const int DeleteWindow = 64;

    /// <summary>Where the store stood at each round of the last lifetime: one for each period of it.</summary>
    private readonly Queue<(DateTimeOffset At, long Revision)> _rounds = new();

    /// <summary>What was written no later than this is older than the lifetime; 0 until this has run for so long.</summary>
    private long _oldRevision;

    public async Task RunAsync(CancellationToken cancellationToken)
    {
        using var timer = new PeriodicTimer(Period, time);
        try
        {
            while (await timer.WaitForNextTickAsync(cancellationToken))
            {
                try
                {
                    await CleanAsync(cancellationToken);
                }
                catch (Exception exception) when (!cancellationToken.IsCancellationRequested)
                {
                    Log.CleaningFailed(logger, exception);
                }
            }
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
        }
    }

    internal async Task CleanAsync(CancellationToken cancellationToken)
    {
        var newest = time.GetUtcNow() - lifetime;
        await CountRoundAsync(newest, cancellationToken);
        foreach (var prefix in Prefixes)
        {
            var list = await store.ListAsync(new ListQuery(prefix), cancellationToken);
            foreach (var window in list.Entries.Where(entry => IsOld(entry, newest)).Chunk(DeleteWindow))
            {
                // A conflict means that the event happened again and lives on.
                await Task.WhenAll(window.Select(entry => store.WriteAsync(StoreWrite.Delete(entry.Key, entry.ModRevision), cancellationToken).AsTask()));
            }
        }
    }

    private async Task CountRoundAsync(DateTimeOffset newest, CancellationToken cancellationToken)
    {
        _rounds.Enqueue((newest + lifetime, await store.GetRevisionAsync(cancellationToken)));
        while (_rounds.TryPeek(out var round) && round.At <= newest)
        {
            _oldRevision = round.Revision;
            _rounds.Dequeue();
        }
    }

    private bool IsOld(StoreEntry entry, DateTimeOffset newest) => entry.ModRevision <= _oldRevision || LastSeen(entry) < newest;

    /// <summary>An Event lives for its time after its last write, of which the last occurrence is the trace.</summary>
    private static DateTimeOffset LastSeen(StoreEntry entry)
    {
        foreach (var field in (ReadOnlySpan<string>)["series.lastObservedTime", "lastTimestamp", "eventTime"])
        {
            if (KubeTime.TryParse(FieldReader.Read(entry.Value.Span, field), out var seen))
            {
                return seen;
            }
        }

        return StoredObject.ReadMetadata(entry).CreationTimestamp ?? DateTimeOffset.MinValue;
    }

    private static partial class Log
    {
        [LoggerMessage(LogLevel.Warning, "Old Events were not removed")]
        public static partial void CleaningFailed(ILogger logger, Exception exception);
    }
}
