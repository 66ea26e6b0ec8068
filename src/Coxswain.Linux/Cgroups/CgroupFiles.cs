using System.Globalization;

namespace Coxswain.Linux.Cgroups;

/// <summary>Which value goes into which control file.</summary>
internal static class CgroupFiles
{
    private const long DefaultPeriod = 100_000;

    public static IEnumerable<(string Controller, string File, string Value)> V1(CgroupLimits limits)
    {
        if (limits.MemoryBytes is { } memory)
        {
            yield return ("memory", "memory.limit_in_bytes", Text(memory));
        }

        if (limits.CpuShares is { } shares)
        {
            yield return ("cpu", "cpu.shares", Text(shares));
        }

        if (limits.CpuQuota is { } quota)
        {
            yield return ("cpu", "cpu.cfs_period_us", Text(limits.CpuPeriod ?? DefaultPeriod));
            yield return ("cpu", "cpu.cfs_quota_us", Text(quota));
        }

        if (limits.Pids is { } pids)
        {
            yield return ("pids", "pids.max", pids < 0 ? "max" : Text(pids));
        }
    }

    public static IEnumerable<(string Controller, string File, string Value)> V2(CgroupLimits limits)
    {
        if (limits.MemoryBytes is { } memory)
        {
            yield return ("", "memory.max", memory < 0 ? "max" : Text(memory));
        }

        if (limits.CpuShares is { } shares)
        {
            yield return ("", "cpu.weight", Text(WeightFromShares(shares)));
        }

        if (limits.CpuQuota is { } quota)
        {
            yield return ("", "cpu.max", $"{(quota < 0 ? "max" : Text(quota))} {Text(limits.CpuPeriod ?? DefaultPeriod)}");
        }

        if (limits.Pids is { } pids)
        {
            yield return ("", "pids.max", pids < 0 ? "max" : Text(pids));
        }
    }

    /// <summary>Maps [2, 262144] linearly to [1, 10000], as KEP-2254 and runc do.</summary>
    public static long WeightFromShares(long shares) => 1 + ((Math.Clamp(shares, 2, 262144) - 2) * 9999 / 262142);

    private static string Text(long value) => value.ToString(CultureInfo.InvariantCulture);
}
