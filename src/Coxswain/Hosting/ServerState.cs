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
    /// <summary>A state is much smaller; as much as a file system gives at least.</summary>
    private const int FileBytes = 4096;

    /// <summary>A read that meets a write may see some of both, and the next does not.</summary>
    public static ServerState? Load(ClusterPaths paths) => TryLoad(paths) ?? TryLoad(paths);

    /// <exception cref="CommandFailure">No server runs.</exception>
    public static ServerState Require(ClusterPaths paths)
    {
        _ = ClusterConfiguration.Load(paths);
        return Load(paths) ?? throw new CommandFailure("the cluster is not running; start it with 'coxswain up'");
    }

    /// <summary>Over what the file held, in the room it has already: a cluster starts also on a full disk.</summary>
    public void Save(ClusterPaths paths) => Write(paths, JsonSerializer.SerializeToUtf8Bytes(this, ConfigurationJson.Default.ServerState));

    /// <summary>Says that no server runs, and keeps the room for the next.</summary>
    public static void Clear(ClusterPaths paths) => Write(paths, []);

    private static ServerState? TryLoad(ClusterPaths paths)
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

    private static void Write(ClusterPaths paths, ReadOnlySpan<byte> content)
    {
        var block = new byte[FileBytes];
        block.AsSpan().Fill((byte)' ');
        content.CopyTo(block);
        using var file = new FileStream(paths.ServerState, new FileStreamOptions
        {
            Mode = FileMode.OpenOrCreate,
            Access = FileAccess.Write,
            Share = FileShare.ReadWrite,
            BufferSize = 0,
            UnixCreateMode = DurableFile.OwnerOnly,
        });
        file.Write(block);
    }
}
