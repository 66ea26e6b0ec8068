namespace Coxswain.Engine.Containers.Execs;

/// <summary>One exec in memory.</summary>
internal sealed class ExecEntry(ExecStatus status)
{
    private ExecStatus _status = status;
    private int _begun;

    /// <summary>As it was last written down; the pid is asked for anew each time.</summary>
    public ExecStatus Status => Volatile.Read(ref _status) with { Pid = Running?.Pid ?? 0 };

    public ContainerExec? Running { get; private set; }

    /// <summary>Waits for the end; awaited when the engine lets go.</summary>
    public Task Tracking { get; set; } = Task.CompletedTask;

    public bool IsOver => Volatile.Read(ref _status).State == ExecState.Exited;

    /// <summary>True for the first who asks.</summary>
    public bool TryBegin() => Interlocked.Exchange(ref _begun, 1) == 0;

    public void Set(Func<ExecStatus, ExecStatus> change, ContainerExec? running)
    {
        Running = running;
        Volatile.Write(ref _status, change(_status));
    }
}
