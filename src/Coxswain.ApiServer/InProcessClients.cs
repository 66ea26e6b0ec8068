using Coxswain.ApiServer.Users;
using Coxswain.Client;

namespace Coxswain.ApiServer;

/// <summary>Clients of a server for the parts of its own process.</summary>
public sealed class InProcessClients(ApiServerHost server) : IKubeClientSource
{
    public IKubeClient ForAccount(string name) => server.ClientFor(User.ServiceAccount("kube-system", name));

    public IKubeClient ForUser(string name) => server.ClientFor(new User(name, [User.AuthenticatedGroup]));
}
