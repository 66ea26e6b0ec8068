namespace Coxswain.Engine.Containers;

/// <summary>One container in memory: its newest record, swapped as a whole, and the promise of its exit.</summary>
internal sealed class ContainerEntry(ContainerRecord record) : IDisposable
{
    private ContainerRecord _record = record;
    private int _killSent;
    private int _stopping;

    public ContainerRecord Record => Volatile.Read(ref _record);

    /// <summary>Serializes the verbs of one container.</summary>
    public SemaphoreSlim Gate { get; } = new(1, 1);

    public TaskCompletionSource<ContainerExit> Exited { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>The loop that waits for the end; awaited when the engine lets go.</summary>
    public Task Monitoring { get; set; } = Task.CompletedTask;

    /// <summary>The container is being or has been removed.</summary>
    public bool Removed { get; set; }

    /// <summary>SIGKILL was our doing, so an end by it is not the OOM killer's.</summary>
    public bool KillSent
    {
        get => Volatile.Read(ref _killSent) != 0;
        set => Volatile.Write(ref _killSent, value ? 1 : 0);
    }

    /// <summary>True once: the stop signal is sent one time, however many ask for the stop.</summary>
    public bool TryBeginStop() => Interlocked.Exchange(ref _stopping, 1) == 0;

    public void Set(ContainerRecord record)
    {
        Volatile.Write(ref _record, record);
        if (record.Exit is { } exit)
        {
            Exited.TrySetResult(exit);
        }
    }

    public void Dispose() => Gate.Dispose();
}
