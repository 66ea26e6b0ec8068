using System.CommandLine;
using Coxswain.CommandLine;
using Coxswain.Hosting;

namespace Coxswain.Verbs;

/// <summary><c>coxswain down</c>: stops the cluster; with <c>--delete</c> nothing of it is left.</summary>
internal static class DownCommand
{
    /// <summary>A server that was told to end lets go of the data last.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    public static Command Create()
    {
        var data = CommonOptions.DataDirectory();
        var delete = new Option<bool>("--delete") { Description = "Also remove all data, images, containers, devices and rules" };
        var command = new Command("down", "Stop the cluster; 'up' resumes it") { data, delete };
        command.SetAction(async (parsed, cancellationToken) =>
        {
            var paths = ClusterPaths.ResolveCurrent(parsed.GetValue(data));
            Requirements.Check();
            if (ClusterConfiguration.Find(paths) is not { } configuration)
            {
                // Nothing is guessed: the names a missing configuration would default to may be another cluster's.
                Terminal.Out.WriteLine($"There is no cluster in {paths.Data}.");
                return 0;
            }

            if (ServerState.Load(paths) is { } state)
            {
                await ServerProcess.StopAsync(state, cancellationToken);
            }

            using (await ClusterLock.TakeAsync(paths, Patience, TimeProvider.System, cancellationToken))
            {
                await ClusterCleanup.StopPodsAsync(paths, configuration, cancellationToken);
                if (parsed.GetValue(delete))
                {
                    await ClusterCleanup.DeleteAllAsync(paths, configuration, keepLog: false, cancellationToken);
                }
            }

            Terminal.Out.WriteLine(parsed.GetValue(delete) ? "The cluster and all of its data are gone." : "The cluster is stopped. 'coxswain up' resumes it.");
            return 0;
        });
        return command;
    }
}
