using System.CommandLine;
using Coxswain.Hosting;

namespace Coxswain.CommandLine;

/// <summary><c>coxswain ip</c>: the node's address, on which NodePorts answer.</summary>
internal static class IpCommand
{
    public static Command Create()
    {
        var data = CommonOptions.DataDirectory();
        var command = new Command("ip", "Print the node's address") { data };
        command.SetAction(parsed =>
        {
            var state = ServerState.Load(ClusterPaths.Resolve(parsed.GetValue(data)))
                ?? throw new CommandFailure("the cluster is not running; start it with 'coxswain up'");
            Terminal.Out.WriteLine(state.NodeAddress);
            return 0;
        });
        return command;
    }
}
