namespace Coxswain.Linux.Cgroups;

/// <summary>The control groups of this machine, whichever of the three layouts it has.</summary>
/// <remarks>Paths are absolute inside the hierarchy (<c>/coxswain/pod1/c1</c>), the same in every controller.</remarks>
public interface ICgroups
{
    CgroupLayout Layout { get; }

    /// <summary>What the processes of a group use; null when the group does not exist.</summary>
    CgroupUsage? ReadUsage(string path);

    /// <summary>How often the kernel's OOM killer struck in the group; 0 when it does not exist.</summary>
    long ReadOomKills(string path);

    /// <summary>All processes of the group and its children, in our pid namespace.</summary>
    IReadOnlyList<int> ListProcesses(string path);

    /// <summary>Makes the group in every controller.</summary>
    void Create(string path);

    /// <summary>Moves a process (and its future children) into the group.</summary>
    void AddProcess(string path, int pid);

    /// <summary>Writes limits to an existing group (a pod's own, above its containers').</summary>
    void SetLimits(string path, CgroupLimits limits);

    /// <summary>Removes the group if it holds neither processes nor groups. True when it is gone.</summary>
    bool RemoveIfEmpty(string path);

    /// <summary>Kills what is left in the group and its children and removes them from every controller. Idempotent.</summary>
    Task RemoveAsync(string path, CancellationToken cancellationToken);
}

public enum CgroupLayout
{
    /// <summary>One directory a controller.</summary>
    V1,

    /// <summary>Controllers as in v1, and an empty v2 hierarchy beside them. Behaves as v1.</summary>
    Hybrid,

    V2,
}

/// <param name="MemoryBytes">All memory charged to the group, page cache included.</param>
/// <param name="WorkingSetBytes">Memory without inactive page cache: what the kubelet calls the working set.</param>
/// <param name="CpuNanoseconds">Processor time used since the group was made.</param>
/// <param name="MemoryLimitBytes">0 when unlimited.</param>
public sealed record CgroupUsage(
    long MemoryBytes, long WorkingSetBytes, long RssBytes, long CpuNanoseconds, long Pids, long MemoryLimitBytes)
{
    /// <summary>Page cache.</summary>
    public long CacheBytes { get; init; }

    public long PageFaults { get; init; }

    /// <summary>Those that waited for the disk.</summary>
    public long MajorPageFaults { get; init; }

    /// <summary>Periods of a processor quota that have passed, and in how many of them it ran out.</summary>
    public long CpuPeriods { get; init; }

    public long ThrottledPeriods { get; init; }

    public long ThrottledNanoseconds { get; init; }

    /// <summary>How often the kernel's OOM killer struck.</summary>
    public long OomKills { get; init; }
}

/// <summary>Limits of a group; null leaves the kernel's default.</summary>
public sealed record CgroupLimits
{
    public long? MemoryBytes { get; init; }

    /// <summary>Relative weight in v1's unit (2 to 262144, default 1024); converted for v2.</summary>
    public long? CpuShares { get; init; }

    /// <summary>Microseconds of processor time in each <see cref="CpuPeriod"/>.</summary>
    public long? CpuQuota { get; init; }

    /// <summary>Microseconds; 100000 when there is a quota and no period.</summary>
    public long? CpuPeriod { get; init; }

    public long? Pids { get; init; }
}
