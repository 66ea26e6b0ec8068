namespace Coxswain.Node.Runtime;

/// <summary>What leads connections to the node's pods, as far as a pod's end has to wait for it.</summary>
public interface IPodTraffic
{
    /// <summary>Completes when no new connection is led to the pod.</summary>
    /// <param name="uid">Of a pod that is being deleted.</param>
    /// <returns>Whether some have been led to it until now, of which the last may not have been accepted yet.</returns>
    Task<bool> WaitUntilWithdrawnAsync(string uid, CancellationToken cancellationToken);
}
