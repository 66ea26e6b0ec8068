using Coxswain.Api.Core.V1;

namespace Coxswain.Client.Events;

/// <summary>
/// Decides what becomes of a recorded event: written, counted onto an earlier one, combined with similar ones, or dropped.
/// The limits are those of Kubernetes' client (tools/events and tools/record).
/// </summary>
internal sealed class EventCorrelator(TimeProvider time)
{
    /// <summary>Events about one object from one component at once; then one each <see cref="SpamRefill"/>.</summary>
    private const int SpamBurst = 25;

    /// <summary>More than this many events that differ only in their message, within the window, are combined.</summary>
    private const int MaxSimilar = 10;

    private const int MaxRemembered = 4096;

    private const string CombinedPrefix = "(combined from similar events): ";

    private static readonly TimeSpan SpamRefill = TimeSpan.FromMinutes(5);

    private static readonly TimeSpan SimilarWindow = TimeSpan.FromMinutes(10);

    private readonly LruCache<string, Event> _written = new(MaxRemembered);
    private readonly LruCache<string, Similar> _similar = new(MaxRemembered);
    private readonly LruCache<string, Bucket> _buckets = new(MaxRemembered);

    /// <summary>
    /// The event to write, or null to drop it. One with a name is an update of an event written before.
    /// </summary>
    public Event? Correlate(Event recorded)
    {
        if (!TakeToken(ObjectKey(recorded)))
        {
            return null;
        }

        var combined = Combine(recorded);
        if (!_written.TryGet(Key(combined), out var earlier))
        {
            return combined;
        }

        return earlier with { Count = earlier.Count + 1, LastTimestamp = recorded.LastTimestamp, Message = combined.Message };
    }

    /// <summary>Remembers what the server stored, to count repetitions onto it.</summary>
    public void Written(Event stored)
    {
        // Without its resourceVersion, so that a count is not lost to somebody else's change of the event.
        _written.Set(Key(stored), stored with { Metadata = stored.Metadata with { ResourceVersion = "", ManagedFields = [] } });
    }

    private Event Combine(Event recorded)
    {
        var key = $"{ObjectKey(recorded)}|{recorded.Type}|{recorded.Reason}|{recorded.ReportingComponent}";
        var now = time.GetUtcNow();
        if (!_similar.TryGet(key, out var similar) || now - similar.Last > SimilarWindow)
        {
            similar = new Similar([], now);
        }

        if (similar.Messages.Count < MaxSimilar)
        {
            similar.Messages.Add(recorded.Message);
        }

        _similar.Set(key, similar with { Last = now });
        return similar.Messages.Count < MaxSimilar || similar.Messages.Contains(recorded.Message)
            ? recorded
            : recorded with { Message = CombinedPrefix + recorded.Message };
    }

    private bool TakeToken(string key)
    {
        var now = time.GetUtcNow();
        if (!_buckets.TryGet(key, out var bucket))
        {
            bucket = new Bucket(SpamBurst, now);
        }

        var tokens = Math.Min(SpamBurst, bucket.Tokens + ((now - bucket.At) / SpamRefill));
        _buckets.Set(key, new Bucket(tokens >= 1 ? tokens - 1 : tokens, now));
        return tokens >= 1;
    }

    private static string ObjectKey(Event e) =>
        $"{e.Source.Component}|{e.Source.Host}|{e.InvolvedObject.Kind}|{e.InvolvedObject.Namespace}|{e.InvolvedObject.Name}|{e.InvolvedObject.Uid}";

    private static string Key(Event e) =>
        $"{ObjectKey(e)}|{e.InvolvedObject.FieldPath}|{e.Type}|{e.Reason}|{(e.Message.StartsWith(CombinedPrefix, StringComparison.Ordinal) ? CombinedPrefix : e.Message)}";

    private sealed record Similar(HashSet<string> Messages, DateTimeOffset Last);

    private sealed record Bucket(double Tokens, DateTimeOffset At);
}
