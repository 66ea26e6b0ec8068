namespace Coxswain.Engine.Containers.Lifecycle;

/// <summary>A task that waits or runs, in memory.</summary>
internal sealed class LiveTask
{
    private int _killSent;
    private int _stopping;
    private int _oomTold;

    public TaskCompletionSource<ContainerExit> Exited { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Completes when its end could not be watched for once; that is then tried again.</summary>
    public TaskCompletionSource Unwatched { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>SIGKILL was our doing, so an end by it is not the OOM killer's.</summary>
    public bool KillSent
    {
        get => Volatile.Read(ref _killSent) != 0;
        set => Volatile.Write(ref _killSent, value ? 1 : 0);
    }

    /// <summary>True once: the stop signal is sent one time, however many ask for the stop.</summary>
    public bool TryBeginStop() => Interlocked.Exchange(ref _stopping, 1) == 0;

    /// <summary>True once: that memory ran out is told one time a task.</summary>
    public bool TryTellOom() => Interlocked.Exchange(ref _oomTold, 1) == 0;
}
