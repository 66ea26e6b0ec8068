using Coxswain.Client;

namespace Coxswain.Network.Proxy;

/// <summary>
/// The Services that changed since the proxy last looked. Bounded by their number: one that changes twice is in it once.
/// </summary>
internal sealed class PendingServices : IDisposable
{
    private readonly Lock _lock = new();
    private readonly SemaphoreSlim _signal = new(0, 1);
    private HashSet<NamespacedName> _services = [];
    private long _added;
    private long _done;
    private List<(long Until, TaskCompletionSource Done)> _waiters = [];

    public void Add(NamespacedName? service)
    {
        if (service is not { } name)
        {
            return;
        }

        lock (_lock)
        {
            _services.Add(name);
            _added++;
            if (_signal.CurrentCount == 0)
            {
                _signal.Release();
            }
        }
    }

    /// <summary>Ends a wait although no Service changed.</summary>
    public void Wake()
    {
        lock (_lock)
        {
            if (_signal.CurrentCount == 0)
            {
                _signal.Release();
            }
        }
    }

    /// <param name="wait">Whether to wait until there is something; otherwise the batch may be empty.</param>
    public async Task<(IReadOnlyCollection<NamespacedName> Services, long Until)> TakeAsync(bool wait, CancellationToken cancellationToken)
    {
        if (wait)
        {
            await _signal.WaitAsync(cancellationToken);
        }

        cancellationToken.ThrowIfCancellationRequested();
        lock (_lock)
        {
            var taken = _services;
            _services = [];
            return (taken, _added);
        }
    }

    /// <summary>Everything up to and including that batch is in the kernel.</summary>
    public void Done((IReadOnlyCollection<NamespacedName> Services, long Until) batch)
    {
        List<(long Until, TaskCompletionSource Done)> reached;
        lock (_lock)
        {
            _done = batch.Until;
            reached = _waiters.FindAll(waiter => waiter.Until <= _done);
            _waiters = _waiters.FindAll(waiter => waiter.Until > _done);
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
}
