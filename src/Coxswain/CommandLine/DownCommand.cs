using System.CommandLine;
using Coxswain.Hosting;

namespace Coxswain.CommandLine;

/// <summary><c>coxswain down</c>: stops the cluster; with <c>--delete</c> nothing of it is left.</summary>
internal static class DownCommand
{
    public static Command Create()
    {
        var data = CommonOptions.DataDirectory();
        var delete = new Option<bool>("--delete") { Description = "Also remove all data, images, containers, devices and rules" };
        var command = new Command("down", "Stop the cluster; 'up' resumes it") { data, delete };
        command.SetAction(async (parsed, cancellationToken) =>
        {
            var paths = ClusterPaths.Resolve(parsed.GetValue(data));
            Requirements.Check();
            if (ServerState.Load(paths) is { } state)
            {
                await ServerProcess.StopAsync(state, cancellationToken);
            }

            if (Directory.Exists(paths.Data))
            {
                await ClusterCleanup.StopPodsAsync(paths, cancellationToken);
            }

            if (parsed.GetValue(delete))
            {
                await ClusterCleanup.DeleteAllAsync(paths, cancellationToken);
            }

            Terminal.Out.WriteLine(parsed.GetValue(delete) ? "The cluster and all of its data are gone." : "The cluster is stopped. 'coxswain up' resumes it.");
            return 0;
        });
        return command;
    }
}
