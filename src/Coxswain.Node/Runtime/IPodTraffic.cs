namespace Coxswain.Node.Runtime;

/// <summary>What leads connections to the node's pods, as far as a pod's end has to wait for it.</summary>
public interface IPodTraffic
{
    /// <summary>Completes when no new connection is led to the pod, which from then on may refuse them.</summary>
    /// <param name="uid">Of a pod that is being deleted.</param>
    Task WaitUntilWithdrawnAsync(string uid, CancellationToken cancellationToken);
}
