using System.Diagnostics;
using System.Text.Json;

namespace Coxswain.Hosting;

/// <summary>What a running server wrote about itself, and whether it still runs.</summary>
/// <param name="StartTicks">The process's start time in clock ticks since boot, so that a reused pid is not mistaken for it.</param>
internal sealed record ServerState(int Pid, long StartTicks, string Version, string ApiServer, string NodeName, string NodeAddress, DateTimeOffset StartedAt)
{
    public static ServerState? Load(ClusterPaths paths)
    {
        try
        {
            var state = JsonSerializer.Deserialize(File.ReadAllBytes(paths.ServerState), ConfigurationJson.Default.ServerState);
            return state is not null && ReadStartTicks(state.Pid) == state.StartTicks ? state : null;
        }
        catch (Exception exception) when (exception is FileNotFoundException or DirectoryNotFoundException or JsonException)
        {
            return null;
        }
    }

    public void Save(ClusterPaths paths)
    {
        Directory.CreateDirectory(paths.Run);
        var temporary = paths.ServerState + ".new";
        File.WriteAllBytes(temporary, JsonSerializer.SerializeToUtf8Bytes(this, ConfigurationJson.Default.ServerState));
        File.Move(temporary, paths.ServerState, overwrite: true);
    }

    /// <summary>The start time of a process (field 22 of /proc/pid/stat), or null when there is none or it is a zombie.</summary>
    public static long? ReadStartTicks(int pid)
    {
        try
        {
            // The command name is in brackets and may hold anything, blanks and brackets included.
            var stat = File.ReadAllText($"/proc/{pid}/stat");
            var fields = stat[(stat.LastIndexOf(')') + 2)..].Split(' ');
            return fields[0] == "Z" ? null : long.Parse(fields[19]);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    public static long OwnStartTicks() =>
        ReadStartTicks(Environment.ProcessId) ?? throw new UnreachableException("/proc/self is always there");
}
