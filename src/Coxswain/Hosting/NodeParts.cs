using System.Security.Cryptography.X509Certificates;
using Coxswain.ApiServer;
using Coxswain.ApiServer.Certificates;
using Coxswain.Engine.Hosting;
using Coxswain.Network.Policies;
using Coxswain.Node.Options;
using Coxswain.Node.Runtime;

namespace Coxswain.Hosting;

/// <summary>How a node agent of this cluster is set up: the same for the server and for cleaning up after it.</summary>
internal static class NodeParts
{
    public static NodeAgentOptions Options(ClusterPaths paths, ClusterConfiguration configuration) => new()
    {
        NodeName = configuration.NodeName,
        NodeAddress = configuration.NodeAddress.ToString(),
        DataDirectory = Path.Combine(paths.Data, "node"),
        PodLogsDirectory = paths.PodLogs,
        ClusterDns = configuration.DnsAddress,
        PodCidr = configuration.NodeCidr,
        Version = ServerVersion.GitVersion,
    };

    /// <summary>With the node's own HTTPS endpoint, which takes clients of the cluster's authority.</summary>
    public static NodeAgentOptions Options(ClusterPaths paths, ClusterConfiguration configuration, ClusterPki pki)
    {
        var certificate = pki.Node(configuration.NodeName, [configuration.NodeAddress]);
        return Options(paths, configuration) with
        {
            ProtectFromOom = true,
            Server = new NodeServerOptions
            {
                Certificate = X509Certificate2.CreateFromPem(certificate.CertificatePem, certificate.KeyPem),
                ClientAuthority = X509Certificate2.CreateFromPem(pki.Authority.CertificatePem),
            },
        };
    }

    /// <param name="policies">What must hold for a pod before anything runs in it; null where nothing is started.</param>
    public static EnginePodRuntime Runtime(ClusterPaths paths, ContainerEngine engine, ImageEngine images, PolicyEnforcer? policies = null)
    {
        IPodNetwork network = new EnginePodNetwork(engine.Network!); // A cluster's engine has one.
        return new EnginePodRuntime(
            engine, images.Store, policies is null ? network : new PolicedPodNetwork(network, policies), Path.Combine(paths.Data, "node"), images.Registry);
    }
}
