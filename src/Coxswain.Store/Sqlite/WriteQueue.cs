using System.Diagnostics.CodeAnalysis;

namespace Coxswain.Store.Sqlite;

/// <summary>
/// Between the callers and the one writer thread. Bounded: when <see cref="Capacity"/> writes wait, a further caller
/// waits before it may even queue.
/// </summary>
[SuppressMessage(
    "Design", "CA1001", Justification = "Without a wait handle there is nothing to dispose, and late callers still wait.")]
internal sealed class WriteQueue
{
    public const int Capacity = 8_192;

    /// <summary>Writes in one transaction: bounds what a failed commit takes down, and how long the first one waits.</summary>
    public const int BatchMost = 1_024;

    /// <summary>Bytes of values that end a batch: a few huge ones make one commit as long as a thousand usual ones.</summary>
    public const int BatchBytes = 16 << 20;

    private readonly object _gate = new();
    private readonly Queue<PendingWrite> _waiting = new();
    private readonly SemaphoreSlim _free = new(Capacity);
    private bool _isTaking;
    private bool _isClosed;

    public async ValueTask<WriteResult> AddAsync(PendingWrite pending)
    {
        await _free.WaitAsync(pending.CancellationToken);
        lock (_gate)
        {
            if (_isClosed)
            {
                // The next one that waits finds the same.
                _free.Release();
                throw new ObjectDisposedException(nameof(IStore));
            }

            _waiting.Enqueue(pending);
            if (_isTaking)
            {
                Monitor.Pulse(_gate);
            }
        }

        return await pending.Task;
    }

    /// <summary>
    /// Moves what waits, up to a batch, into an empty list. Blocks while there is nothing, unless told not to.
    /// False when the queue is closed and empty.
    /// </summary>
    public bool Take(List<PendingWrite> batch, bool wait)
    {
        lock (_gate)
        {
            while (wait && !_isClosed && _waiting.Count == 0)
            {
                _isTaking = true;
                Monitor.Wait(_gate);
            }

            _isTaking = false;
            var bytes = 0L;
            while (batch.Count < BatchMost && bytes < BatchBytes && _waiting.TryDequeue(out var pending))
            {
                batch.Add(pending);
                bytes += pending.Write.Value?.Length ?? 0;
            }

            if (batch.Count == 0)
            {
                return !_isClosed;
            }
        }

        _free.Release(batch.Count);
        return true;
    }

    /// <summary>No further writes; the ones already queued can still be taken.</summary>
    public void Close()
    {
        lock (_gate)
        {
            _isClosed = true;
            Monitor.Pulse(_gate);
        }
    }
}
