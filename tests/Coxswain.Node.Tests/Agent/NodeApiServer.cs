using Coxswain.Api.Core.V1;
using Coxswain.Api.Meta.V1;
using Coxswain.ApiServer.Users;
using Coxswain.Client;
using Coxswain.Testing.Cluster;

namespace Coxswain.Node.Tests.Agent;

/// <summary>An API server with what pods need of the controllers that do not run beside it, and with node agents under their own names.</summary>
internal static class NodeApiServer
{
    public static async Task<TestApiServer> StartAsync()
    {
        var api = await TestApiServer.StartAsync(TimeProvider.System);
        var meta = ObjectMeta.Empty with { Namespace = "default" };
        await api.Admin.CreateAsync(ServiceAccount.Empty with { Metadata = meta with { Name = "default" } }, TestNode.Timeout);
        await api.Admin.CreateAsync(
            ConfigMap.Empty with
            {
                Metadata = meta with { Name = "kube-root-ca.crt" }, Data = new Dictionary<string, string> { ["ca.crt"] = "PEM" },
            },
            TestNode.Timeout);
        return api;
    }

    /// <summary>What a kubelet may do, and no more.</summary>
    public static IKubeClient NodeClient(TestApiServer api) =>
        api.ClientFor(new User("system:node:" + TestNode.NodeName, ["system:nodes", User.AuthenticatedGroup]));
}
