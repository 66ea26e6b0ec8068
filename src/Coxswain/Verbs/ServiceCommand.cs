using System.CommandLine;
using Coxswain.Api.Core.V1;
using Coxswain.Client;
using Coxswain.CommandLine;
using Coxswain.Hosting;

namespace Coxswain.Verbs;

/// <summary><c>coxswain service NAME [--url]</c>: where a Service answers from outside the cluster.</summary>
internal static class ServiceCommand
{
    public static Command Create()
    {
        var name = new Argument<string>("NAME") { Description = "Name of a Service of type NodePort or LoadBalancer" };
        var @namespace = new Option<string>("--namespace", "-n") { Description = "The Service's namespace", DefaultValueFactory = _ => "default" };
        var url = new Option<bool>("--url") { Description = "Print only the URLs" };
        var data = CommonOptions.DataDirectory();
        var command = new Command("service", "Print the URL of a Service") { name, @namespace, url, data };
        command.SetAction(async (parsed, cancellationToken) =>
        {
            var paths = ClusterPaths.ResolveCurrent(parsed.GetValue(data));
            var state = ServerState.Require(paths);
            using var client = AdminClient.Open(paths);
            var service = await client.FindAsync<Service>(parsed.GetValue(@namespace), parsed.GetValue(name)!, cancellationToken)
                ?? throw new CommandFailure($"there is no service \"{parsed.GetValue(name)}\" in namespace \"{parsed.GetValue(@namespace)}\"");
            var ports = service.Spec.Ports.Where(port => port.NodePort != 0).ToList();
            if (ports.Count == 0)
            {
                throw new CommandFailure($"service \"{service.Metadata.Name}\" has no node port; its type is {service.Spec.Type}, make it NodePort");
            }

            foreach (var port in ports)
            {
                var address = $"http://{state.NodeAddress}:{port.NodePort}";
                Terminal.Out.WriteLine(parsed.GetValue(url) ? address : $"{service.Metadata.Namespace}/{service.Metadata.Name} port {port.Port}: {address}");
            }

            return 0;
        });
        return command;
    }
}
