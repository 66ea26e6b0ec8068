using Coxswain.Api.Resources;
using Coxswain.Client;
using Coxswain.Testing.Client;

namespace Coxswain.Controllers.Tests;

/// <summary>Clients whose requests a test sees first.</summary>
internal sealed class InterceptedClients(IKubeClientSource inner, Action<string, ApiResource> beforeRequest) : IKubeClientSource
{
    public IKubeClient ForAccount(string name) => new InterceptedKubeClient(inner.ForAccount(name), beforeRequest);

    public IKubeClient ForUser(string name) => new InterceptedKubeClient(inner.ForUser(name), beforeRequest);
}
