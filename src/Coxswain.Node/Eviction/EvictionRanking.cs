using Coxswain.Api.Core.V1;

namespace Coxswain.Node.Eviction;

/// <summary>What a pod uses of what the node is short of.</summary>
/// <param name="Requested">What it asked for of that; 0 where nobody asks.</param>
internal sealed record PodUsage(Pod Pod, long Used, long Requested);

/// <summary>
/// The order in which pods go: those that use more than they asked for first, among these the less important first, then those that are
/// furthest above their request. See https://kubernetes.io/docs/concepts/scheduling-eviction/node-pressure-eviction/.
/// </summary>
internal static class EvictionRanking
{
    /// <summary>Priorities from here on are the cluster's own: such pods are never evicted.</summary>
    private const int CriticalPriority = 2_000_000_000;

    public static IReadOnlyList<PodUsage> Rank(IEnumerable<PodUsage> pods) =>
    [
        .. pods.Where(usage => (usage.Pod.Spec.Priority ?? 0) < CriticalPriority)
            .OrderByDescending(usage => usage.Used > usage.Requested)
            .ThenBy(usage => usage.Pod.Spec.Priority ?? 0)
            .ThenByDescending(usage => usage.Used - usage.Requested)
            .ThenBy(usage => usage.Pod.Metadata.Uid, StringComparer.Ordinal),
    ];
}
