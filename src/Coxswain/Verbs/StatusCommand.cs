using System.CommandLine;
using System.Text.Json;
using Coxswain.ApiServer;
using Coxswain.CommandLine;
using Coxswain.Hosting;

namespace Coxswain.Verbs;

/// <summary><c>coxswain status</c>.</summary>
internal static class StatusCommand
{
    public static Command Create()
    {
        var data = CommonOptions.DataDirectory();
        var output = new Option<string>("--output", "-o") { Description = "text or json", DefaultValueFactory = _ => "text" };
        output.AcceptOnlyFromAmong("text", "json");
        var command = new Command("status", "Show whether the cluster runs, and where") { data, output };
        command.SetAction(async (parsed, cancellationToken) =>
        {
            var status = await ReadAsync(ClusterPaths.ResolveCurrent(parsed.GetValue(data)), cancellationToken);
            Terminal.Out.WriteLine(parsed.GetValue(output) == "json"
                ? JsonSerializer.Serialize(status, ConfigurationJson.Default.ClusterStatus)
                : Text(status));
            return 0;
        });
        return command;
    }

    private static async Task<ClusterStatus> ReadAsync(ClusterPaths paths, CancellationToken cancellationToken)
    {
        _ = ClusterConfiguration.Load(paths);
        var state = ServerState.Load(paths);
        var word = state is null ? "Stopped" : await NodeReadiness.IsReadyAsync(paths, state, cancellationToken) ? "Running" : "Starting";
        return new ClusterStatus(word, state?.Pid, paths.Data, state?.ApiServer, state?.NodeName, state?.NodeAddress,
            CoxswainVersion.Product, ServerVersion.Kubernetes, state?.StartedAt);
    }

    private static string Text(ClusterStatus status) => status.Pid is null
        ? $"""
           state:   {status.State}
           data:    {status.DataDirectory}
           version: coxswain {status.Version}, Kubernetes API {status.KubernetesVersion}
           """
        : $"""
           state:   {status.State}
           pid:     {status.Pid}
           api:     {status.ApiServer}
           node:    {status.NodeName} ({status.NodeAddress})
           data:    {status.DataDirectory}
           version: coxswain {status.Version}, Kubernetes API {status.KubernetesVersion}
           """;
}
