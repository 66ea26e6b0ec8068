using System.CommandLine;
using Coxswain.CommandLine;
using Coxswain.Hosting;

namespace Coxswain.Verbs;

/// <summary><c>coxswain ip</c>: the node's address, on which NodePorts answer.</summary>
internal static class IpCommand
{
    public static Command Create()
    {
        var data = CommonOptions.DataDirectory();
        var command = new Command("ip", "Print the node's address") { data };
        command.SetAction(parsed =>
        {
            Terminal.Out.WriteLine(ServerState.Require(ClusterPaths.ResolveCurrent(parsed.GetValue(data))).NodeAddress);
            return 0;
        });
        return command;
    }
}
