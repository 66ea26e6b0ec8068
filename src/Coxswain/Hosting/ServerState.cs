using System.Text.Json;
using Coxswain.Linux.Files;
using Coxswain.Linux.Processes;

namespace Coxswain.Hosting;

/// <summary>What a running server wrote about itself, and whether it still runs.</summary>
/// <param name="StartTime">As <see cref="ProcessInfo.StartTime"/> gives it, so that a reused pid is not mistaken for it.</param>
/// <param name="IsReady">False until the cluster has been Ready once since the start.</param>
internal sealed record ServerState(
    int Pid, long StartTime, string Version, string ApiServer, string NodeName, string NodeAddress, DateTimeOffset StartedAt, bool IsReady)
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

    /// <exception cref="CommandFailure">No server runs.</exception>
    public static ServerState Require(ClusterPaths paths)
    {
        _ = ClusterConfiguration.Load(paths);
        return Load(paths) ?? throw new CommandFailure("the cluster is not running; start it with 'coxswain up'");
    }

    public void Save(ClusterPaths paths) => DurableFile.WriteJson(paths.ServerState, this, ConfigurationJson.Default.ServerState);
}
