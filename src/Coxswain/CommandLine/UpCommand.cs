using System.CommandLine;
using Coxswain.Hosting;

namespace Coxswain.CommandLine;

/// <summary><c>coxswain up</c>: starts or resumes the cluster in the background and waits until the node is Ready.</summary>
internal static class UpCommand
{
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
            if (ServerState.Load(paths) is { } running)
            {
                Terminal.Out.WriteLine($"The cluster already runs (pid {running.Pid}).");
                return 0;
            }

            var configuration = options.Apply(parsed, ClusterConfiguration.Load(paths));
            configuration.Save(paths);
            var state = await ServerProcess.StartAsync(paths, Terminal.Out.WriteLine, cancellationToken);
            Terminal.Out.WriteLine($"""
                The cluster is ready: node {state.NodeName} at {state.NodeAddress}, API at {state.ApiServer}.
                kubectl uses it by the context "{configuration.Name}". Try: kubectl get nodes
                """);
            return 0;
        });
        return command;
    }
}
