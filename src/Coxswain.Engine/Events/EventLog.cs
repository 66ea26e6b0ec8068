using System.Collections.Frozen;
using System.Threading.Channels;

namespace Coxswain.Engine.Events;

/// <summary>Numbers every event, keeps the newest and hands each to every subscriber, never waiting for one.</summary>
public sealed class EventLog : IEngineEvents
{
    /// <summary>How many events are kept, and how many a subscriber may leave unread.</summary>
    public const int MostKept = 4096;

    private static readonly FrozenDictionary<string, string> Nothing = FrozenDictionary<string, string>.Empty;

    private readonly TimeProvider _time;
    private readonly Lock _lock = new();
    private readonly Queue<EngineEvent> _history = new();
    private readonly HashSet<Subscription> _subscriptions = [];
    private long _last;

    public EventLog(TimeProvider time)
    {
        _time = time;
        // Microseconds of the wall clock: above every number an earlier engine can have given, so that none means two events.
        _last = time.GetUtcNow().UtcTicks / TimeSpan.TicksPerMicrosecond;
    }

    public long LastSequence
    {
        get
        {
            lock (_lock)
            {
                return _last;
            }
        }
    }

    public IReadOnlyList<EngineEvent> History()
    {
        lock (_lock)
        {
            return [.. _history];
        }
    }

    public IEventSubscription Subscribe(long? since = null)
    {
        var subscription = new Subscription(this);
        lock (_lock)
        {
            if (since is { } position && position != _last)
            {
                // Of an earlier engine, or older than what is kept: what lies between cannot be told.
                if (_history.Count == 0 || position < _history.Peek().Sequence - 1 || position > _last)
                {
                    subscription.Post(LostAt(_history.Count == 0 ? _last : _history.Peek().Sequence - 1));
                }

                foreach (var kept in _history.Where(kept => position > _last || kept.Sequence > position))
                {
                    subscription.Post(kept);
                }
            }

            _subscriptions.Add(subscription);
        }

        return subscription;
    }

    public EngineEvent Publish(
        EngineEventType type,
        string subject,
        IReadOnlyDictionary<string, string>? attributes = null,
        IReadOnlyDictionary<string, string>? labels = null)
    {
        lock (_lock)
        {
            var happened = new EngineEvent(++_last, _time.GetUtcNow(), type, subject, attributes ?? Nothing, labels ?? Nothing);
            if (_history.Count == MostKept)
            {
                _history.Dequeue();
            }

            _history.Enqueue(happened);
            foreach (var subscription in _subscriptions)
            {
                subscription.Post(happened);
            }

            return happened;
        }
    }

    private EngineEvent LostAt(long sequence) => new(sequence, _time.GetUtcNow(), EngineEventType.Lost, "", Nothing, Nothing);

    /// <summary>Posted to under the log's lock only.</summary>
    private sealed class Subscription(EventLog owner) : IEventSubscription
    {
        private readonly Channel<EngineEvent> _channel = Channel.CreateBounded<EngineEvent>(MostKept + 1);

        public void Post(EngineEvent happened)
        {
            if (_channel.Writer.TryWrite(happened))
            {
                return;
            }

            // What it has not read is of no use without what comes now: it must list in any case.
            while (_channel.Reader.TryRead(out _))
            {
            }

            _channel.Writer.TryWrite(owner.LostAt(happened.Sequence));
        }

        public ValueTask<EngineEvent> ReadAsync(CancellationToken cancellationToken) =>
            _channel.Reader.ReadAsync(cancellationToken);

        public IAsyncEnumerable<EngineEvent> ReadAllAsync(CancellationToken cancellationToken) =>
            _channel.Reader.ReadAllAsync(cancellationToken);

        public void Dispose()
        {
            lock (owner._lock)
            {
                owner._subscriptions.Remove(this);
            }

            _channel.Writer.TryComplete();
        }
    }
}
