using Coxswain.Engine.Containers;
using Coxswain.Linux.Cgroups;

namespace Coxswain.Engine.Sandboxes;

/// <summary>The control groups above the containers of sandboxes: what all of a sandbox may use, and its weight against others.</summary>
public sealed class SandboxGroups
{
    private const long NoLimit = -1;
    private const long DefaultShares = 1024;

    private readonly EngineOptions _options;
    private readonly ICgroups _cgroups;
    private readonly TimeProvider _time;

    internal SandboxGroups(EngineOptions options, ICgroups cgroups, TimeProvider time)
    {
        _options = options;
        _cgroups = cgroups;
        _time = time;
    }

    /// <summary>Makes the group, unless it is there, and gives it these limits and no others.</summary>
    /// <param name="parent">As <see cref="ContainerSpec.CgroupParent"/>.</param>
    /// <exception cref="EngineException">The kernel refused: a memory limit below what is in use, for example.</exception>
    public void Set(string parent, ContainerLimits limits)
    {
        try
        {
            _cgroups.Create(PathOf(parent));
            _cgroups.SetLimits(PathOf(parent), new CgroupLimits
            {
                MemoryBytes = limits.MemoryBytes ?? NoLimit,
                CpuShares = limits.CpuShares ?? DefaultShares,
                CpuQuota = limits.CpuQuota ?? NoLimit,
                CpuPeriod = limits.CpuPeriod,
                Pids = limits.Pids ?? NoLimit,
            });
        }
        catch (Exception exception) when (exception is Linux.LinuxException or IOException or UnauthorizedAccessException)
        {
            throw new EngineException($"control group {parent} could not be given its limits: {exception.Message}", exception);
        }
    }

    /// <summary>What all of the group's containers use; null when there is no such group.</summary>
    public ContainerUsage? ReadUsage(string parent) =>
        _cgroups.ReadUsage(PathOf(parent)) is { } usage ? ContainerUsage.Of(usage, _time.GetUtcNow()) : null;

    /// <summary>Removes the group when no container is left in it. Idempotent.</summary>
    public void Remove(string parent) => _cgroups.RemoveIfEmpty(PathOf(parent));

    private string PathOf(string parent) => $"{_options.CgroupParent}/{parent.Trim('/')}";
}
