using System.Runtime.InteropServices;

namespace Coxswain.Node.Nodes;

/// <summary>What the machine is, read from /proc and /etc once.</summary>
internal sealed record MachineInfo(
    int Processors, long MemoryBytes, long DiskBytes, string MachineId, string SystemUuid, string BootId, string Kernel, string OsImage, string Architecture)
{
    public static MachineInfo Read(string dataDirectory)
    {
        var memory = File.ReadLines("/proc/meminfo").First(line => line.StartsWith("MemTotal:", StringComparison.Ordinal));
        var kilobytes = long.Parse(memory.Split(' ', StringSplitOptions.RemoveEmptyEntries)[1]);
        var os = File.Exists("/etc/os-release")
            ? File.ReadLines("/etc/os-release").FirstOrDefault(line => line.StartsWith("PRETTY_NAME=", StringComparison.Ordinal))
            : null;
        var machineId = Text("/etc/machine-id");
        var uuid = Text("/sys/class/dmi/id/product_uuid");
        return new MachineInfo(
            Environment.ProcessorCount, kilobytes * 1024, new DriveInfo(dataDirectory).TotalSize, machineId, uuid.Length > 0 ? uuid : machineId,
            Text("/proc/sys/kernel/random/boot_id"), Text("/proc/sys/kernel/osrelease"), os?.Split('=')[1].Trim('"') ?? "Linux",
            RuntimeInformation.OSArchitecture == System.Runtime.InteropServices.Architecture.Arm64 ? "arm64" : "amd64");
    }

    private static string Text(string path)
    {
        try
        {
            return File.ReadAllText(path).Trim();
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return ""; // Not every machine has each of them.
        }
    }
}
