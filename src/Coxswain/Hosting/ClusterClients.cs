using Coxswain.ApiServer;
using Coxswain.Client;

namespace Coxswain.Hosting;

/// <summary>Clients of the API server of this process for its parts, each held to the rights of its own identity.</summary>
internal sealed class ClusterClients(ApiServerHost api) : IKubeClientSource
{
    public IKubeClient ForAccount(string name) => api.ClientFor(ClusterUsers.Controller(name));

    public IKubeClient ForUser(string name) => api.ClientFor(ClusterUsers.Component(name));
}
