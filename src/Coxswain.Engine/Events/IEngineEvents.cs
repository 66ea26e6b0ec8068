namespace Coxswain.Engine.Events;

/// <summary>
/// One stream of everything that happens, with a bounded history (<see cref="EventLog.MostKept"/> events). All members are safe to call
/// concurrently.
/// </summary>
public interface IEngineEvents
{
    /// <summary>The newest event's number.</summary>
    long LastSequence { get; }

    /// <summary>What is still kept, oldest first.</summary>
    IReadOnlyList<EngineEvent> History();

    /// <summary>Events from now on: subscribe first and list then, and nothing is missed.</summary>
    /// <param name="since">
    /// Events after this number; the first one is <see cref="EngineEventType.Lost"/> when some of them are no longer kept.
    /// </param>
    IEventSubscription Subscribe(long? since = null);

    EngineEvent Publish(
        EngineEventType type,
        string subject,
        IReadOnlyDictionary<string, string>? attributes = null,
        IReadOnlyDictionary<string, string>? labels = null);
}

/// <summary>
/// One subscriber. Who leaves more unread than the history holds gets one <see cref="EngineEventType.Lost"/> in their place.
/// </summary>
public interface IEventSubscription : IDisposable
{
    /// <summary>Waits for the next event.</summary>
    ValueTask<EngineEvent> ReadAsync(CancellationToken cancellationToken);

    IAsyncEnumerable<EngineEvent> ReadAllAsync(CancellationToken cancellationToken);
}
