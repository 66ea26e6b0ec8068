using System.Collections.Concurrent;
using System.Runtime.CompilerServices;
using System.Threading.Channels;

namespace Coxswain.Engine.Containers;

/// <summary>Hands every event to every subscriber, and never waits for one.</summary>
internal sealed class ContainerEvents
{
    private readonly ConcurrentDictionary<Subscription, byte> _subscriptions = new();

    public IContainerEvents Subscribe()
    {
        var subscription = new Subscription(this);
        _subscriptions[subscription] = 0;
        return subscription;
    }

    public void Publish(ContainerEventType type, ContainerStatus status)
    {
        foreach (var subscription in _subscriptions.Keys)
        {
            subscription.Post(new ContainerEvent(type, status));
        }
    }

    private sealed class Subscription(ContainerEvents owner) : IContainerEvents
    {
        private const int MostUnread = 4096;

        private readonly Lock _lock = new();
        private readonly Channel<ContainerEvent> _channel = Channel.CreateBounded<ContainerEvent>(MostUnread);

        public void Post(ContainerEvent containerEvent)
        {
            lock (_lock)
            {
                if (_channel.Writer.TryWrite(containerEvent))
                {
                    return;
                }

                // What it has not read is of no use without what comes now: it must list in any case.
                while (_channel.Reader.TryRead(out _))
                {
                }

                _channel.Writer.TryWrite(new ContainerEvent(ContainerEventType.Lost, null));
            }
        }

        public ValueTask<ContainerEvent> ReadAsync(CancellationToken cancellationToken) =>
            _channel.Reader.ReadAsync(cancellationToken);

        public async IAsyncEnumerable<ContainerEvent> ReadAllAsync(
            [EnumeratorCancellation] CancellationToken cancellationToken)
        {
            await foreach (var containerEvent in _channel.Reader.ReadAllAsync(cancellationToken))
            {
                yield return containerEvent;
            }
        }

        public void Dispose()
        {
            owner._subscriptions.TryRemove(this, out _);
            _channel.Writer.TryComplete();
        }
    }
}
