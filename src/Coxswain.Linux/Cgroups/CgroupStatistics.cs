using System.Globalization;

namespace Coxswain.Linux.Cgroups;

/// <summary>What a group uses, read of its files. One that goes meanwhile is an exception of the file system.</summary>
internal static class CgroupStatistics
{
    private const long V1Unlimited = 1L << 60;
    private const long NanosecondsPerMicrosecond = 1000;

    /// <param name="group">The group's directory.</param>
    public static CgroupUsage ReadV2(string group)
    {
        var memory = Number($"{group}/memory.current");
        var statistics = Keys($"{group}/memory.stat");
        var cpu = Keys($"{group}/cpu.stat");
        return new CgroupUsage(
            memory, Math.Max(0, memory - statistics.GetValueOrDefault("inactive_file")), statistics.GetValueOrDefault("anon"),
            cpu.GetValueOrDefault("usage_usec") * NanosecondsPerMicrosecond, Number($"{group}/pids.current"), Number($"{group}/memory.max"))
        {
            CacheBytes = statistics.GetValueOrDefault("file"),
            PageFaults = statistics.GetValueOrDefault("pgfault"),
            MajorPageFaults = statistics.GetValueOrDefault("pgmajfault"),
            CpuPeriods = cpu.GetValueOrDefault("nr_periods"),
            ThrottledPeriods = cpu.GetValueOrDefault("nr_throttled"),
            ThrottledNanoseconds = cpu.GetValueOrDefault("throttled_usec") * NanosecondsPerMicrosecond,
            OomKills = ReadOomKills($"{group}/memory.events"),
        };
    }

    /// <param name="root">The directory with one directory a controller.</param>
    /// <param name="path">The group's below each of them.</param>
    public static CgroupUsage ReadV1(string root, string path)
    {
        var memory = Number($"{root}/memory{path}/memory.usage_in_bytes");
        var limit = Number($"{root}/memory{path}/memory.limit_in_bytes");
        var statistics = Keys($"{root}/memory{path}/memory.stat");
        var cpu = Keys($"{root}/cpu{path}/cpu.stat");
        return new CgroupUsage(
            memory, Math.Max(0, memory - statistics.GetValueOrDefault("total_inactive_file")), statistics.GetValueOrDefault("total_rss"),
            Number($"{root}/cpuacct{path}/cpuacct.usage"), Number($"{root}/pids{path}/pids.current"), limit > V1Unlimited ? 0 : limit)
        {
            CacheBytes = statistics.GetValueOrDefault("total_cache"),
            PageFaults = statistics.GetValueOrDefault("total_pgfault"),
            MajorPageFaults = statistics.GetValueOrDefault("total_pgmajfault"),
            CpuPeriods = cpu.GetValueOrDefault("nr_periods"),
            ThrottledPeriods = cpu.GetValueOrDefault("nr_throttled"),
            ThrottledNanoseconds = cpu.GetValueOrDefault("throttled_time"),
            OomKills = ReadOomKills($"{root}/memory{path}/memory.oom_control"),
        };
    }

    /// <param name="file">The one that counts them.</param>
    public static long ReadOomKills(string file) => Keys(file).GetValueOrDefault("oom_kill");

    private static long Number(string file)
    {
        var text = File.ReadAllText(file).Trim();
        return text == "max" ? 0 : long.Parse(text, CultureInfo.InvariantCulture);
    }

    private static Dictionary<string, long> Keys(string file)
    {
        var values = new Dictionary<string, long>(StringComparer.Ordinal);
        foreach (var line in File.ReadLines(file))
        {
            var space = line.IndexOf(' ');
            if (space > 0 && long.TryParse(line.AsSpan(space + 1), CultureInfo.InvariantCulture, out var value))
            {
                values[line[..space]] = value;
            }
        }

        return values;
    }
}
