namespace Coxswain.Engine.Containers.Records;

/// <summary>
/// A container's newest task. It survives us, so that the next engine adopts or takes back what there is; of what a power
/// failure ends, it may be lost.
/// </summary>
internal sealed record TaskRecord
{
    public ContainerState State { get; init; } = ContainerState.Created;

    /// <summary>conmon and runc may be at work, or have left something: it must be cleared away before the next task.</summary>
    public bool Preparing { get; init; }

    public bool Paused { get; init; }

    /// <summary>The first process; 0 without one.</summary>
    public int Pid { get; init; }

    /// <summary>Tells that process from a later one with its id.</summary>
    public long PidStartTime { get; init; }

    /// <summary>conmon.</summary>
    public int MonitorPid { get; init; }

    public long MonitorStartTime { get; init; }

    public DateTimeOffset? StartedAt { get; init; }

    public ContainerExit? Exit { get; init; }

    public ContainerExit? LastExit { get; init; }

    /// <summary>How many tasks were let run.</summary>
    public int Starts { get; init; }

    /// <summary>Whether a process waits or runs, as far as we know.</summary>
    public bool IsLive => Pid != 0;

    /// <summary>Bundle, control group and runc's state of an ended task are still there.</summary>
    public bool HasLeftovers => Preparing || State == ContainerState.Exited;
}
