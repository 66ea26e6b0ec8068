using System.Globalization;
using Coxswain.Linux.Links;

namespace Coxswain.Node.Stats;

/// <summary>What all of the machine uses, by what the kernel tells in /proc: the same with every layout of control groups.</summary>
/// <param name="BootTime">When the machine started.</param>
/// <param name="WorkingSetBytes">Memory in use without the page cache that is not.</param>
/// <param name="DefaultInterface">The one that leads out; empty when none does.</param>
internal sealed record MachineUsage(
    DateTimeOffset Time, DateTimeOffset BootTime, long CpuNanoseconds, long MemoryBytes, long MemoryUsedBytes, long WorkingSetBytes,
    long MemoryAvailableBytes, long RssBytes, long PageFaults, long MajorPageFaults, long Tasks, long TasksMax,
    IReadOnlyList<InterfaceCounters> Interfaces, string DefaultInterface)
{
    private const long NanosecondsPerTick = 10_000_000; // The kernel's USER_HZ is 100 wherever .NET runs.
    private const long BytesPerKilobyte = 1024;

    public static MachineUsage Read(DateTimeOffset now)
    {
        var memory = Keys("/proc/meminfo");
        var virtualMemory = Keys("/proc/vmstat");
        var statistics = File.ReadAllLines("/proc/stat");
        long Memory(string name) => memory.GetValueOrDefault(name) * BytesPerKilobyte;
        var used = Memory("MemTotal") - Memory("MemFree");
        return new MachineUsage(
            now, DateTimeOffset.FromUnixTimeSeconds(Number(statistics.First(line => line.StartsWith("btime ", StringComparison.Ordinal)).Split(' ')[1])),
            Cpu(statistics[0]), Memory("MemTotal"), used, Math.Max(0, used - Memory("Inactive(file)")), Memory("MemAvailable"), Memory("AnonPages"),
            virtualMemory.GetValueOrDefault("pgfault"), virtualMemory.GetValueOrDefault("pgmajfault"),
            Number(File.ReadAllText("/proc/loadavg").Split(' ')[3].Split('/')[1]),
            Math.Min(Number(File.ReadAllText("/proc/sys/kernel/pid_max")), Number(File.ReadAllText("/proc/sys/kernel/threads-max"))),
            InterfaceCounters.Read(), Default(File.ReadLines("/proc/net/route")));
    }

    /// <summary>All but what was idle, waited for disks or was a guest's, which is in the user's already.</summary>
    internal static long Cpu(string line)
    {
        var ticks = line.Split(' ', StringSplitOptions.RemoveEmptyEntries).Skip(1).Select(Number).ToList();
        return ticks.Where((_, column) => column is 0 or 1 or 2 or 5 or 6 or 7).Sum() * NanosecondsPerTick;
    }

    /// <summary>The first route to everywhere.</summary>
    internal static string Default(IEnumerable<string> routes) =>
        routes.Select(route => route.Split('\t', StringSplitOptions.TrimEntries)).FirstOrDefault(columns => columns is [_, "00000000", ..])?[0] ?? "";

    private static long Number(string text) => long.Parse(text.Trim(), CultureInfo.InvariantCulture);

    private static Dictionary<string, long> Keys(string file)
    {
        var values = new Dictionary<string, long>(StringComparer.Ordinal);
        foreach (var line in File.ReadLines(file))
        {
            var words = line.Split([' ', ':'], StringSplitOptions.RemoveEmptyEntries);
            if (words.Length > 1 && long.TryParse(words[1], CultureInfo.InvariantCulture, out var value))
            {
                values[words[0]] = value;
            }
        }

        return values;
    }
}
