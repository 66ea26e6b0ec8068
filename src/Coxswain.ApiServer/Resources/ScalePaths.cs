namespace Coxswain.ApiServer.Resources;

/// <summary>Where a scalable object keeps what its Scale shows, as dotted paths.</summary>
/// <param name="LabelSelector">Of a selector in its string form; null when there is none, or it is a built-in workload's.</param>
internal sealed record ScalePaths(string SpecReplicas, string StatusReplicas, string? LabelSelector)
{
    public static readonly ScalePaths Workload = new("spec.replicas", "status.replicas", null);
}
