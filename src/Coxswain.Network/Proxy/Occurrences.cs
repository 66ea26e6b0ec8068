namespace Coxswain.Network.Proxy;

/// <summary>Counts how often something has happened, for those who wait for it to have happened so often.</summary>
internal sealed class Occurrences
{
    private readonly Lock _lock = new();
    private readonly List<(int Count, TaskCompletionSource Reached)> _waiters = [];
    private int _count;

    public void Add()
    {
        lock (_lock)
        {
            _count++;
            foreach (var waiter in _waiters.Where(waiter => waiter.Count <= _count))
            {
                waiter.Reached.TrySetResult();
            }

            _waiters.RemoveAll(waiter => waiter.Count <= _count);
        }
    }

    public Task WaitUntilAsync(int count, CancellationToken cancellationToken)
    {
        lock (_lock)
        {
            if (_count >= count)
            {
                return Task.CompletedTask;
            }

            var reached = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            _waiters.Add((count, reached));
            return reached.Task.WaitAsync(cancellationToken);
        }
    }
}
