using System.Net;
using Coxswain.Engine;
using Coxswain.Engine.Hosting;
using Microsoft.Extensions.Logging;

namespace Coxswain.Hosting;

/// <summary>The engine of a cluster: the same directories and names whether the server or a command opens it.</summary>
internal static class EngineFactory
{
    public static ContainerEngine Create(ClusterPaths paths, ClusterConfiguration configuration, ILoggerFactory loggers) =>
        new(Options(paths, configuration), TimeProvider.System, loggers);

    public static EngineOptions Options(ClusterPaths paths, ClusterConfiguration configuration) => new()
    {
        DataDirectory = paths.Data,
        RunDirectory = paths.Run,
        CgroupParent = configuration.CgroupParent,
        NftablesTable = $"{configuration.Table}-engine",
        Network = new ContainerNetworkOptions
        {
            BridgeName = configuration.Bridge,
            Subnet = IPNetwork.Parse(configuration.NodeCidr),
            RangeFlags = RangeFlags(configuration),
            ClusterNetworks =
            [
                IPNetwork.Parse(configuration.PodCidr), IPNetwork.Parse(configuration.ServiceCidr),
                .. configuration.Balancers is { } balancers ? [balancers] : (IPNetwork[])[],
            ],
        },
    };

    /// <summary>Which option chooses another range.</summary>
    private static Dictionary<string, string> RangeFlags(ClusterConfiguration configuration)
    {
        var flags = new Dictionary<string, string>
        {
            [configuration.NodeCidr] = "--pod-cidr",
            [configuration.PodCidr] = "--pod-cidr",
            [configuration.ServiceCidr] = "--service-cidr",
        };
        if (configuration.Balancers is { } balancers)
        {
            flags[balancers.ToString()] = "--load-balancer-pool";
        }

        return flags;
    }
}
