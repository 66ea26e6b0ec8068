using System.CommandLine;
using Coxswain.Hosting;

namespace Coxswain.CommandLine;

/// <summary>The options of <c>up</c> that shape a cluster when it is first made. Later starts keep what was chosen.</summary>
internal sealed class ConfigurationOptions
{
    private readonly Option<string?> _name = new("--name") { Description = "Name of the kubeconfig context (default: coxswain)" };
    private readonly Option<string?> _nodeName = new("--node-name") { Description = "Name of the node (default: the host's name)" };
    private readonly Option<int?> _apiPort = new("--api-port") { Description = "Port of the Kubernetes API (default: 6443)" };
    private readonly Option<string?> _bridge = new("--bridge") { Description = "Name of the bridge device (default: cox0)" };
    private readonly Option<string?> _podCidr = new("--pod-cidr") { Description = "Addresses of Pods (default: 10.244.0.0/16)" };
    private readonly Option<string?> _serviceCidr = new("--service-cidr") { Description = "Addresses of Services (default: 10.96.0.0/12)" };
    private readonly Option<string[]> _listen = new("--listen") { Description = "Further address on which the API listens", DefaultValueFactory = _ => [] };

    public void AddTo(Command command)
    {
        foreach (var option in new Option[] { _name, _nodeName, _apiPort, _bridge, _podCidr, _serviceCidr, _listen })
        {
            command.Add(option);
        }
    }

    public ClusterConfiguration Apply(ParseResult parsed, ClusterConfiguration configuration)
    {
        var bridge = parsed.GetValue(_bridge) ?? configuration.Bridge;
        var serviceCidr = parsed.GetValue(_serviceCidr) ?? configuration.ServiceCidr;
        return configuration with
        {
            Name = parsed.GetValue(_name) ?? configuration.Name,
            NodeName = parsed.GetValue(_nodeName) ?? configuration.NodeName,
            ApiPort = parsed.GetValue(_apiPort) ?? configuration.ApiPort,
            Bridge = bridge,

            // Two clusters on one machine differ in their bridge; tables and control groups follow it.
            Table = bridge == "cox0" ? "coxswain" : $"coxswain-{bridge}",
            CgroupParent = bridge == "cox0" ? "/coxswain" : $"/coxswain-{bridge}",
            PodCidr = parsed.GetValue(_podCidr) ?? configuration.PodCidr,
            NodeCidr = parsed.GetValue(_podCidr) is { } pods ? pods[..pods.LastIndexOf('/')] + "/24" : configuration.NodeCidr,
            ServiceCidr = serviceCidr,
            DnsAddress = serviceCidr[..(serviceCidr.LastIndexOf('.') + 1)] + "10",
            Listen = parsed.GetValue(_listen) is { Length: > 0 } listen ? listen : configuration.Listen,
        };
    }
}
