using Coxswain.Api.Errors;

namespace Coxswain.ApiServer.FlowControl;

/// <summary>
/// The seats of one priority level and who waits for them. A request that finds a seat free takes no lock; one that does not waits in
/// the shortest of a few queues that its flow shares with others, and the queues are served in turn, so that one flow fills few of them.
/// </summary>
internal sealed class PriorityLevel(LevelSettings settings, SeatPool pool, TimeProvider time)
{
    private const int RetryAfterSeconds = 1;

    /// <summary>Who waits longer than this is refused.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(15);

    private readonly Lock _gate = new();
    private LinkedList<Waiter>[] _queues = [];
    private volatile LevelSettings _settings = settings;
    private int _running;
    private int _waiting;
    private int _next;
    private long _dispatched;
    private long _rejected;

    public LevelSettings Settings
    {
        get => _settings;
        set => _settings = value;
    }

    public int Running => Volatile.Read(ref _running);

    public int Waiting => Volatile.Read(ref _waiting);

    public long Dispatched => Interlocked.Read(ref _dispatched);

    public long Rejected => Interlocked.Read(ref _rejected);

    /// <exception cref="KubeStatusException">There is no seat, and no room to wait for one, or the wait was long.</exception>
    public async ValueTask<Seat> EnterAsync(FlowSchema schema, string flow, CancellationToken cancellationToken)
    {
        var settings = _settings;
        if (settings.IsExempt)
        {
            return default;
        }

        if (Waiting > 0 || !TryTake(settings))
        {
            await WaitAsync(schema, flow, settings, cancellationToken);
        }

        Interlocked.Increment(ref _dispatched);
        return new Seat(this);
    }

    private void Leave()
    {
        Interlocked.Decrement(ref _running);
        if (Waiting > 0)
        {
            lock (_gate)
            {
                Dispatch(_settings);
            }
        }
    }

    private bool TryTake(LevelSettings settings)
    {
        if (Interlocked.Increment(ref _running) <= settings.Seats || pool.MayLend())
        {
            return true;
        }

        Interlocked.Decrement(ref _running);
        return false;
    }

    private async ValueTask WaitAsync(FlowSchema schema, string flow, LevelSettings settings, CancellationToken cancellationToken)
    {
        var waiter = new Waiter();
        lock (_gate)
        {
            var queue = settings.Queues == 0 ? null : ShortestOf(HashCode.Combine(schema.Name, flow), settings);
            if (queue is null || queue.Count >= settings.QueueLength)
            {
                throw Refusal();
            }

            waiter.Place = queue.AddLast(waiter);
            Interlocked.Increment(ref _waiting);

            // A seat that was given back before this one waited woke nobody.
            Dispatch(settings);
        }

        using var patience = new CancellationTokenSource(Patience, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(patience.Token, cancellationToken);
        try
        {
            await waiter.Granted.Task.WaitAsync(either.Token);
        }
        catch (OperationCanceledException)
        {
            if (!TryForget(waiter))
            {
                Leave(); // the seat came at the same moment
            }

            cancellationToken.ThrowIfCancellationRequested();
            throw Refusal();
        }
    }

    private KubeStatusException Refusal()
    {
        Interlocked.Increment(ref _rejected);
        return new KubeStatusException(Statuses.TooManyRequests("too many requests, please try again later", RetryAfterSeconds));
    }

    /// <returns>False when it has its seat.</returns>
    private bool TryForget(Waiter waiter)
    {
        lock (_gate)
        {
            if (waiter.Place is not { List: { } queue } place)
            {
                return false;
            }

            queue.Remove(place);
            Interlocked.Decrement(ref _waiting);
            return true;
        }
    }

    /// <summary>Seats those who wait as long as there are seats; the caller holds the gate.</summary>
    private void Dispatch(LevelSettings settings)
    {
        while (Waiting > 0 && TryTake(settings))
        {
            while (_queues[_next % _queues.Length].Count == 0)
            {
                _next = (_next + 1) % _queues.Length;
            }

            var queue = _queues[_next % _queues.Length];
            var waiter = queue.First!.Value; // it is not empty
            queue.RemoveFirst();
            _next = (_next + 1) % _queues.Length;
            Interlocked.Decrement(ref _waiting);
            waiter.Granted.TrySetResult();
        }
    }

    /// <summary>Each flow has a hand of queues, so that two flows hardly ever share all of theirs; the caller holds the gate.</summary>
    private LinkedList<Waiter> ShortestOf(int hash, LevelSettings settings)
    {
        if (_queues.Length < settings.Queues)
        {
            _queues = [.. _queues, .. Enumerable.Range(0, settings.Queues - _queues.Length).Select(_ => new LinkedList<Waiter>())];
        }

        var mixed = (ulong)(uint)hash * 0x9E3779B97F4A7C15;
        LinkedList<Waiter>? shortest = null;
        for (var i = 0; i < settings.HandSize; i++)
        {
            var queue = _queues[(int)(mixed % (ulong)settings.Queues)];
            shortest = shortest is null || queue.Count < shortest.Count ? queue : shortest;
            mixed = (mixed ^ (mixed >> 29)) * 0xBF58476D1CE4E5B9;
        }

        return shortest!; // a hand has a queue at least
    }

    private sealed class Waiter
    {
        public TaskCompletionSource Granted { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public LinkedListNode<Waiter>? Place { get; set; }
    }

    /// <summary>A request's seat; the default one is none.</summary>
    internal readonly struct Seat(PriorityLevel? level) : IDisposable
    {
        public void Dispose() => level?.Leave();
    }
}
