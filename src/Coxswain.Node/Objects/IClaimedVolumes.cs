namespace Coxswain.Node.Objects;

/// <summary>Where the volume behind a PersistentVolumeClaim lies on this node.</summary>
internal interface IClaimedVolumes
{
    /// <exception cref="PodObjectException">The claim is missing, not bound, or bound to a volume this node cannot mount.</exception>
    Task<string> PathAsync(string @namespace, string claimName, CancellationToken cancellationToken);
}
