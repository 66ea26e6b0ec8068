namespace Coxswain.Engine.Containers;

public enum ContainerState
{
    /// <summary>The process waits for Start.</summary>
    Created,
    Running,
    Exited,
}

/// <summary>A container at one moment. Immutable.</summary>
/// <param name="Pid">The first process in our pid namespace; 0 when exited.</param>
/// <param name="CgroupPath">Absolute in the hierarchy.</param>
public sealed record ContainerStatus(
    string Id,
    ContainerSpec Spec,
    ContainerState State,
    int Pid,
    string RootDirectory,
    string CgroupPath,
    DateTimeOffset CreatedAt,
    DateTimeOffset? StartedAt,
    ContainerExit? Exit);

/// <param name="Code">The exit code, 128 + n for a death by signal n, 255 when it could not be learnt.</param>
/// <param name="OomKilled">The kernel's OOM killer ended it (or a process of it, whereupon it failed).</param>
/// <param name="Message">Why the code could not be learnt; otherwise empty.</param>
public sealed record ContainerExit(int Code, bool OomKilled, DateTimeOffset FinishedAt, string Message = "");

public enum ContainerEventType
{
    Created,
    Started,
    Exited,
    Removed,

    /// <summary>This subscriber was too slow and events were dropped: list again. Carries no container.</summary>
    Lost,
}

/// <param name="Status">The container after the event; null for <see cref="ContainerEventType.Lost"/>.</param>
public sealed record ContainerEvent(ContainerEventType Type, ContainerStatus? Status);

/// <summary>One subscriber. Holds at most 4096 unread events; then they are replaced by one <see cref="ContainerEventType.Lost"/>.</summary>
public interface IContainerEvents : IDisposable
{
    /// <summary>Waits for the next event.</summary>
    ValueTask<ContainerEvent> ReadAsync(CancellationToken cancellationToken);

    IAsyncEnumerable<ContainerEvent> ReadAllAsync(CancellationToken cancellationToken);
}

/// <summary>See <see cref="Coxswain.Linux.Cgroups.CgroupUsage"/>.</summary>
public sealed record ContainerUsage(
    DateTimeOffset Time, long MemoryBytes, long WorkingSetBytes, long RssBytes, long CpuNanoseconds, long Pids,
    long MemoryLimitBytes);
