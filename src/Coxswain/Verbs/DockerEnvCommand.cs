using System.CommandLine;
using Coxswain.CommandLine;
using Coxswain.Hosting;

namespace Coxswain.Verbs;

/// <summary><c>coxswain docker-env</c>: lets Docker's own client speak with this server.</summary>
internal static class DockerEnvCommand
{
    public static Command Create()
    {
        var data = CommonOptions.DataDirectory();
        var unset = new Option<bool>("--unset", "-u") { Description = "Print how to undo it" };
        var command = new Command("docker-env", "Print what lets docker use this server: eval $(coxswain docker-env)") { data, unset };
        command.SetAction(parsed =>
        {
            if (parsed.GetValue(unset))
            {
                Terminal.Out.WriteLine("unset DOCKER_HOST DOCKER_TLS_VERIFY DOCKER_CERT_PATH");
                return 0;
            }

            var paths = ClusterPaths.ResolveCurrent(parsed.GetValue(data));
            ServerState.Require(paths);
            Terminal.Out.WriteLine("unset DOCKER_TLS_VERIFY DOCKER_CERT_PATH DOCKER_CONTEXT");
            Terminal.Out.WriteLine($"export DOCKER_HOST='unix://{paths.DockerSocket}'");
            return 0;
        });
        return command;
    }
}
