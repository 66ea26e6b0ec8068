using System.Text.Json;
using Coxswain.Linux.Processes;

namespace Coxswain.Hosting;

/// <summary>What a running server wrote about itself, and whether it still runs.</summary>
/// <param name="StartTime">As <see cref="ProcessInfo.StartTime"/> gives it, so that a reused pid is not mistaken for it.</param>
internal sealed record ServerState(int Pid, long StartTime, string Version, string ApiServer, string NodeName, string NodeAddress, DateTimeOffset StartedAt)
{
    public static ServerState? Load(ClusterPaths paths)
    {
        try
        {
            var state = JsonSerializer.Deserialize(File.ReadAllBytes(paths.ServerState), ConfigurationJson.Default.ServerState);
            return state is not null && ProcessInfo.StartTime(state.Pid) == state.StartTime ? state : null;
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
}
