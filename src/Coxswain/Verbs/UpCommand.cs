using System.CommandLine;
using Coxswain.CommandLine;
using Coxswain.Hosting;

namespace Coxswain.Verbs;

/// <summary><c>coxswain up</c>: starts or resumes the cluster in the background and waits until the node is Ready.</summary>
internal static class UpCommand
{
    /// <summary>How long another <c>up</c> of the same cluster may take; when it has succeeded there is nothing left to do.</summary>
    private static readonly TimeSpan OthersStart = TimeSpan.FromMinutes(1);

    public static Command Create()
    {
        var data = CommonOptions.DataDirectory();
        var options = new ConfigurationOptions();
        var command = new Command("up", "Start or resume the cluster in the background and wait until it is Ready") { data };
        options.AddTo(command);
        command.SetAction(async (parsed, cancellationToken) =>
        {
            var paths = ClusterPaths.Resolve(parsed.GetValue(data));
            Requirements.Check();

            // Wrong options are refused before anything is made.
            options.Apply(parsed, ClusterConfiguration.Find(paths));
            paths.Create();
            using var starting = await ClusterLock.TakeForStartAsync(paths, OthersStart, TimeProvider.System, cancellationToken);
            var existing = ClusterConfiguration.Find(paths);
            var configuration = options.Apply(parsed, existing);
            var running = ServerState.Load(paths);
            if (running is not null && existing is not null && !configuration.IsSameAs(existing))
            {
                throw new CommandFailure(
                    $"the cluster already runs (pid {running.Pid}) with other options; stop it with 'coxswain down', then give the new ones to 'up'");
            }

            KubeconfigFile.Users().RequireOurs(configuration.Name, paths.Data);
            var state = running is null
                ? await StartAsync(paths, configuration, existing, cancellationToken)
                : await ServerProcess.WaitUntilReadyAsync(paths, running, TimeProvider.System, cancellationToken);
            KubeconfigFile.Merge(paths, configuration.Name);
            if (running is not null)
            {
                Terminal.Out.WriteLine($"The cluster already runs (pid {running.Pid}).");
                return 0;
            }

            Terminal.Out.WriteLine($"""
                The cluster is ready: node {state.NodeName} at {state.NodeAddress}, API at {state.ApiServer}.
                kubectl uses it by the context "{configuration.Name}". Try: kubectl get nodes
                """);
            return 0;
        });
        return command;
    }

    /// <summary>What was chosen is kept only when a cluster could be made of it.</summary>
    private static async Task<ServerState> StartAsync(
        ClusterPaths paths, ClusterConfiguration configuration, ClusterConfiguration? existing, CancellationToken cancellationToken)
    {
        if (existing is null || !configuration.IsSameAs(existing))
        {
            configuration.Save(paths);
        }

        try
        {
            return await ServerProcess.StartAsync(paths, Terminal.Out.WriteLine, cancellationToken);
        }
        catch when (existing is null)
        {
            // Nobody has used it yet: what was made so far goes, so that the next start begins anew.
            await ClusterCleanup.DeleteAllAsync(paths, configuration, keepLog: true, CancellationToken.None);
            throw;
        }
        catch when (existing is not null && !configuration.IsSameAs(existing))
        {
            existing.Save(paths);
            throw;
        }
    }
}
