using System.Globalization;
using Coxswain.Linux.Files;

namespace Coxswain.Node.Eviction;

/// <summary>Measures by what the kernel tells in /proc and of file systems.</summary>
internal sealed class KernelNodeMeter(string nodeDirectory, string imageDirectory) : INodeMeter
{
    public NodeMeasurement Read()
    {
        var pidsMax = Math.Min(Number("/proc/sys/kernel/pid_max"), Number("/proc/sys/kernel/threads-max"));
        return new NodeMeasurement(
            MemoryAvailable(), FileSystemUsage.Of(nodeDirectory), FileSystemUsage.Of(imageDirectory), pidsMax - Tasks(), pidsMax);
    }

    private static long MemoryAvailable()
    {
        const int BytesPerKilobyte = 1024;
        var line = File.ReadLines("/proc/meminfo").First(line => line.StartsWith("MemAvailable:", StringComparison.Ordinal));
        return long.Parse(line.Split(' ', StringSplitOptions.RemoveEmptyEntries)[1], CultureInfo.InvariantCulture) * BytesPerKilobyte;
    }

    /// <summary>All of the machine: the fourth word of the file is running/all.</summary>
    private static long Tasks() =>
        long.Parse(File.ReadAllText("/proc/loadavg").Split(' ')[3].Split('/')[1], CultureInfo.InvariantCulture);

    private static long Number(string path) => long.Parse(File.ReadAllText(path).Trim(), CultureInfo.InvariantCulture);
}
