using Coxswain.Client;

namespace Coxswain.Controllers.Tests;

/// <summary>The same client for everybody, where a process has only one identity.</summary>
internal sealed class OneClient(IKubeClient client) : IKubeClientSource
{
    public IKubeClient ForAccount(string name) => client;

    public IKubeClient ForUser(string name) => client;
}
