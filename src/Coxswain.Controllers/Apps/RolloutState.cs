using Coxswain.Api.Apps.V1;

namespace Coxswain.Controllers.Apps;

/// <summary>A Deployment and its ReplicaSets as the caches show them, with the figures a roll-out is planned from.</summary>
internal sealed class RolloutState
{
    public RolloutState(Deployment deployment, IEnumerable<ReplicaSet> sets)
    {
        Deployment = deployment;
        All = [.. sets.OrderBy(set => set.Metadata.CreationTimestamp).ThenBy(set => set.Metadata.Name, StringComparer.Ordinal)];
        var template = PodTemplateHash.Without(deployment.Spec.Template);

        // Of several equal ones the oldest: clusters that have two must not go back and forth between them.
        New = All.FirstOrDefault(set => PodTemplateHash.Without(set.Spec.Template).Equals(template));
        Old = [.. All.Where(set => set != New)];
        Replicas = deployment.Spec.Replicas ?? 1;
        (MaxSurge, MaxUnavailable) = Fenceposts(deployment.Spec.Strategy, Replicas);
    }

    public Deployment Deployment { get; }

    /// <summary>Oldest first.</summary>
    public IReadOnlyList<ReplicaSet> All { get; }

    /// <summary>The ReplicaSet of the current template; null before it is made.</summary>
    public ReplicaSet? New { get; }

    public IReadOnlyList<ReplicaSet> Old { get; }

    public int Replicas { get; }

    public int MaxSurge { get; }

    public int MaxUnavailable { get; }

    public bool IsRollingUpdate => Deployment.Spec.Strategy.Type is DeploymentStrategyType.RollingUpdate or "";

    /// <summary>The most pods there may be at once.</summary>
    public int MaxReplicas => Replicas + MaxSurge;

    public int MinAvailable => Replicas - MaxUnavailable;

    public int TotalSpecReplicas => All.Sum(SpecOf);

    public int TotalAvailable => All.Sum(set => set.Status.AvailableReplicas);

    /// <summary>
    /// The set's available pods that it is to keep: one just scaled down still reports those that are about to go, and
    /// taking them for available would end too many others.
    /// </summary>
    public static int AvailableOf(ReplicaSet set) => Math.Min(set.Status.AvailableReplicas, SpecOf(set));

    public static int SpecOf(ReplicaSet set) => set.Spec.Replicas ?? 1;

    /// <summary>
    /// Surge rounds up, unavailability down; if both come to nothing, one may be unavailable, or nothing could ever move.
    /// Recreate has no bounds to move within: only all replicas are enough.
    /// </summary>
    private static (int Surge, int Unavailable) Fenceposts(DeploymentStrategy strategy, int replicas)
    {
        if (strategy.Type == DeploymentStrategyType.Recreate)
        {
            return (0, 0);
        }

        var surge = Math.Max(0, (strategy.RollingUpdate?.MaxSurge ?? "25%").Scale(replicas, roundUp: true));
        var unavailable = Math.Max(0, (strategy.RollingUpdate?.MaxUnavailable ?? "25%").Scale(replicas, roundUp: false));
        return (surge, Math.Min(surge == 0 && unavailable == 0 ? 1 : unavailable, replicas));
    }
}
