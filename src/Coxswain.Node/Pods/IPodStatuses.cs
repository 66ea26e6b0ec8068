using Coxswain.Api.Core.V1;

namespace Coxswain.Node.Pods;

/// <summary>Where pods' statuses are written, and read again when somebody else wrote meanwhile.</summary>
internal interface IPodStatuses
{
    /// <summary>Returns the pod as it then is.</summary>
    /// <param name="known">The pod as it is known to be there.</param>
    /// <exception cref="Api.Errors.KubeStatusException">It is not there any more, or another one, or changed meanwhile.</exception>
    Task<Pod> PatchAsync(Pod known, PodStatusChanges changes, CancellationToken cancellationToken);

    /// <summary>Null when it is not there.</summary>
    Task<Pod?> FindAsync(Pod known, CancellationToken cancellationToken);
}
