namespace Coxswain.Network.Signals;

/// <summary>Counts changes for one who follows them, and tells others when it has followed those they know of.</summary>
internal sealed class ChangeSignal : IDisposable
{
    private readonly Lock _lock = new();
    private readonly SemaphoreSlim _signal = new(0, 1);
    private List<(long Until, TaskCompletionSource Done)> _waiters = [];
    private long _added;
    private long _done;

    public void Add()
    {
        lock (_lock)
        {
            _added++;
            Signal();
        }
    }

    /// <summary>Ends a wait although nothing changed.</summary>
    public void Wake()
    {
        lock (_lock)
        {
            Signal();
        }
    }

    public void AddIf(bool condition)
    {
        if (condition)
        {
            Add();
        }
    }

    /// <summary>How many there were when it returns, for <see cref="Done"/>.</summary>
    /// <param name="wait">Whether to wait until there is one.</param>
    public async Task<long> TakeAsync(bool wait, CancellationToken cancellationToken)
    {
        if (wait)
        {
            await _signal.WaitAsync(cancellationToken);
        }

        cancellationToken.ThrowIfCancellationRequested();
        lock (_lock)
        {
            return _added;
        }
    }

    public void Done(long until)
    {
        List<(long Until, TaskCompletionSource Done)> reached;
        lock (_lock)
        {
            _done = until;
            reached = _waiters.FindAll(waiter => waiter.Until <= until);
            _waiters = _waiters.FindAll(waiter => waiter.Until > until);
        }

        reached.ForEach(waiter => waiter.Done.TrySetResult());
    }

    public Task WaitUntilDoneAsync(CancellationToken cancellationToken)
    {
        lock (_lock)
        {
            if (_done >= _added)
            {
                return Task.CompletedTask;
            }

            var done = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            _waiters.Add((_added, done));
            return done.Task.WaitAsync(cancellationToken);
        }
    }

    public void Dispose() => _signal.Dispose();

    private void Signal()
    {
        if (_signal.CurrentCount == 0)
        {
            _signal.Release();
        }
    }
}
