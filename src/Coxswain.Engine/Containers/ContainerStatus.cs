using Coxswain.Linux.Cgroups;

namespace Coxswain.Engine.Containers;

public enum ContainerState
{
    /// <summary>Kept, and not run since; its process may be there already and wait for Start.</summary>
    Created,
    Running,
    Exited,
}

/// <summary>A container at one moment. Immutable.</summary>
public sealed record ContainerStatus
{
    public required string Id { get; init; }

    public required ContainerSpec Spec { get; init; }

    public required ContainerState State { get; init; }

    /// <summary>It runs, but its processes stand still.</summary>
    public bool Paused { get; init; }

    /// <summary>The first process in our pid namespace; 0 without a task.</summary>
    public required int Pid { get; init; }

    public required string RootDirectory { get; init; }

    /// <summary>Absolute in the hierarchy.</summary>
    public required string CgroupPath { get; init; }

    public required DateTimeOffset CreatedAt { get; init; }

    /// <summary>When the newest task was let run.</summary>
    public DateTimeOffset? StartedAt { get; init; }

    /// <summary>How the newest task ended, or why it could not be made; null while it runs or before.</summary>
    public ContainerExit? Exit { get; init; }

    /// <summary>How the task before the newest ended.</summary>
    public ContainerExit? LastExit { get; init; }

    /// <summary>How often it was started after the first time.</summary>
    public int RestartCount { get; init; }
}

/// <param name="Code">The exit code, 128 + n for a death by signal n, <see cref="UnknownCode"/> when it could not be learnt.</param>
/// <param name="OomKilled">The kernel's OOM killer ended it (or a process of it, whereupon it failed).</param>
/// <param name="Message">Why the code could not be learnt or the task not be made; otherwise empty.</param>
public sealed record ContainerExit(int Code, bool OomKilled, DateTimeOffset FinishedAt, string Message = "")
{
    public const int UnknownCode = 255;
}

/// <summary>What <see cref="IContainers.WaitAsync"/> waits for.</summary>
public enum ContainerWaitCondition
{
    /// <summary>No task runs: at once for a container that is created or exited.</summary>
    NotRunning,

    /// <summary>The end of the task that runs, or else of the next one.</summary>
    NextExit,

    /// <summary>The container is gone.</summary>
    Removed,
}

/// <summary>See <see cref="CgroupUsage"/>.</summary>
public sealed record ContainerUsage(
    DateTimeOffset Time, long MemoryBytes, long WorkingSetBytes, long RssBytes, long CpuNanoseconds, long Pids,
    long MemoryLimitBytes)
{
    /// <summary>All that was read.</summary>
    public required CgroupUsage Group { get; init; }

    internal static ContainerUsage Of(CgroupUsage usage, DateTimeOffset time) => new(
        time, usage.MemoryBytes, usage.WorkingSetBytes, usage.RssBytes, usage.CpuNanoseconds, usage.Pids, usage.MemoryLimitBytes) { Group = usage };
}
