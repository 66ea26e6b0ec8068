namespace Coxswain.Client;

/// <summary>Clients for the parts of the cluster, each acting as itself and held to what its own roles allow.</summary>
public interface IKubeClientSource
{
    /// <summary>A client that acts as a ServiceAccount of <c>kube-system</c>, as every controller does.</summary>
    IKubeClient ForAccount(string name);

    /// <summary>A client that acts as a user, such as <c>system:kube-scheduler</c>.</summary>
    IKubeClient ForUser(string name);
}
