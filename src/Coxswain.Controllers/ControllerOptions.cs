namespace Coxswain.Controllers;

/// <summary>What the controllers need to be told.</summary>
public sealed record ControllerOptions
{
    /// <summary>The API server's CA certificate in PEM, for the ConfigMap every namespace gets; empty for none.</summary>
    public string RootCertificates { get; init; } = "";

    /// <summary>Where the built-in provisioner keeps volumes; null for a cluster that provisions none.</summary>
    public IVolumeFolders? VolumeFolders { get; init; }

    /// <summary>A node that has not renewed its Lease for so long is taken to be unreachable.</summary>
    public TimeSpan NodeMonitorGracePeriod { get; init; } = TimeSpan.FromSeconds(40);

    /// <summary>Pods of a node that is gone stay for so long, in case it comes back.</summary>
    public TimeSpan OrphanedPodGracePeriod { get; init; } = TimeSpan.FromSeconds(40);

    /// <summary>Finished pods beyond this many are deleted, oldest first; 0 keeps them all.</summary>
    public int MaxFinishedPods { get; init; } = 12500;
}
