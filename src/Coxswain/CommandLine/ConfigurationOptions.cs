using System.CommandLine;
using System.Net;
using Coxswain.Hosting;

namespace Coxswain.CommandLine;

/// <summary>The options of <c>up</c> that shape a cluster when it is first made. Later starts keep what was chosen.</summary>
internal sealed class ConfigurationOptions
{
    private readonly Option<string?> _name = new("--name")
    {
        Description = "Name of the kubeconfig context (default: coxswain)", CustomParser = OptionParsers.ContextName,
    };

    private readonly Option<string?> _nodeName = new("--node-name")
    {
        Description = "Name of the node (default: the host's name)", CustomParser = OptionParsers.NodeName,
    };

    private readonly Option<int?> _apiPort = new("--api-port")
    {
        Description = "Port of the Kubernetes API (default: 6443)", CustomParser = OptionParsers.Port,
    };

    private readonly Option<int?> _registryPort = new("--registry-port")
    {
        Description = "Serve a registry on this port of localhost (default: none)", CustomParser = OptionParsers.Port,
    };

    private readonly Option<string?> _bridge = new("--bridge")
    {
        Description = "Name of the bridge device (default: cox0)", CustomParser = OptionParsers.Device,
    };

    private readonly Option<string?> _podCidr = new("--pod-cidr")
    {
        Description = "Addresses of Pods (default: 10.244.0.0/16)", CustomParser = OptionParsers.Network,
    };

    private readonly Option<string?> _serviceCidr = new("--service-cidr")
    {
        Description = "Addresses of Services (default: 10.96.0.0/12)", CustomParser = OptionParsers.Network,
    };

    private readonly Option<string?> _loadBalancerPool = new("--load-balancer-pool")
    {
        Description = "Addresses of Services of type LoadBalancer (default: the last /24 of the Pods')", CustomParser = OptionParsers.Pool,
    };

    private readonly Option<string[]> _listen = new("--listen")
    {
        Description = "Further address on which the API listens",
        DefaultValueFactory = _ => [],
        CustomParser = OptionParsers.Addresses,
    };

    public void AddTo(Command command)
    {
        foreach (var option in new Option[] { _name, _nodeName, _apiPort, _registryPort, _bridge, _podCidr, _serviceCidr, _loadBalancerPool, _listen })
        {
            command.Add(option);
        }
    }

    /// <param name="existing">The configuration of the cluster that is there; null for a new one.</param>
    /// <exception cref="CommandFailure">The options contradict each other, or what the cluster was made with.</exception>
    public ClusterConfiguration Apply(ParseResult parsed, ClusterConfiguration? existing)
    {
        var configuration = existing ?? new ClusterConfiguration();
        configuration = configuration with
        {
            Name = parsed.GetValue(_name) ?? configuration.Name,
            NodeName = Fixed(parsed.GetValue(_nodeName), existing?.NodeName, _nodeName) ?? configuration.NodeName,
            ApiPort = parsed.GetValue(_apiPort) ?? configuration.ApiPort,
            RegistryPort = parsed.GetValue(_registryPort) ?? configuration.RegistryPort,
            Bridge = Fixed(parsed.GetValue(_bridge), existing?.Bridge, _bridge) ?? configuration.Bridge,
            PodCidr = Fixed(parsed.GetValue(_podCidr), existing?.PodCidr, _podCidr) ?? configuration.PodCidr,
            ServiceCidr = Fixed(parsed.GetValue(_serviceCidr), existing?.ServiceCidr, _serviceCidr) ?? configuration.ServiceCidr,
            LoadBalancerPool = parsed.GetValue(_loadBalancerPool) ?? configuration.LoadBalancerPool,
            Listen = parsed.GetValue(_listen) is { Length: > 0 } listen ? listen : configuration.Listen,
        };
        if (!OptionParsers.IsNodeName(configuration.NodeName))
        {
            throw new CommandFailure(
                $"the host's name \"{configuration.NodeName}\" cannot be a node's; give the node another one with {_nodeName.Name}");
        }

        var pods = IPNetwork.Parse(configuration.PodCidr);
        var services = IPNetwork.Parse(configuration.ServiceCidr);
        if (Overlap(pods, services))
        {
            throw new CommandFailure($"the ranges of Pods {pods} and of Services {services} overlap; choose others with --pod-cidr and --service-cidr");
        }

        foreach (var taken in new[] { services, IPNetwork.Parse(configuration.NodeCidr) })
        {
            if (configuration.Balancers is { } pool && Overlap(pool, taken))
            {
                throw new CommandFailure($"the addresses of load balancers {pool} overlap the range {taken}; choose others with --load-balancer-pool");
            }
        }

        return configuration;
    }

    private static bool Overlap(IPNetwork left, IPNetwork right) => left.Contains(right.BaseAddress) || right.Contains(left.BaseAddress);

    /// <summary>What running Pods and stored objects depend on cannot change under them.</summary>
    private static string? Fixed(string? given, string? existing, Option option) =>
        given is null || existing is null || given == existing
            ? given
            : throw new CommandFailure(
                $"the cluster was made with {option.Name} {existing}, which cannot change; for {given} remove it first with 'coxswain down --delete'");
}
