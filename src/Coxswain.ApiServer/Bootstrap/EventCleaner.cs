using Coxswain.Api.Scalars;
using Coxswain.ApiServer.Documents;
using Coxswain.Store;
using Microsoft.Extensions.Logging;

namespace Coxswain.ApiServer.Bootstrap;

/// <summary>Removes Events when they are old: nothing else ever deletes them.</summary>
internal sealed partial class EventCleaner(IStore store, TimeSpan lifetime, TimeProvider time, ILogger<EventCleaner> logger)
{
    private static readonly TimeSpan Period = TimeSpan.FromMinutes(1);
    private static readonly string[] Prefixes = ["/registry/core/events/", "/registry/events.k8s.io/events/"];

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
        foreach (var prefix in Prefixes)
        {
            var list = await store.ListAsync(new ListQuery(prefix), cancellationToken);
            foreach (var entry in list.Entries)
            {
                if (LastSeen(entry) < newest)
                {
                    // A conflict means that the event happened again and lives on.
                    await store.WriteAsync(new StoreWrite(entry.Key, null, entry.ModRevision), cancellationToken);
                }
            }
        }
    }

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
