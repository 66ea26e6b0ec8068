using Coxswain.Api;
using Coxswain.Api.Core.V1;
using Coxswain.Api.Meta.V1;
using Coxswain.Api.Policy.V1;
using ConditionStatus = Coxswain.Api.Meta.V1.ConditionStatus;

namespace Coxswain.Controllers.Policy;

/// <summary>A PodDisruptionBudget's status as its pods are now. Pure.</summary>
/// <param name="Recheck">When an eviction that was counted is no longer waited for; null when there is none.</param>
internal sealed record DisruptionPlan(PodDisruptionBudgetStatus Status, DateTimeOffset? Recheck)
{
    private const string DisruptionAllowed = "DisruptionAllowed";

    /// <summary>A pod whose eviction was counted and which is not being deleted after so long stays after all. As in Kubernetes.</summary>
    private static readonly TimeSpan DeletionTimeout = TimeSpan.FromMinutes(2);

    /// <param name="pods">The pods that the budget selects.</param>
    /// <param name="expected">How many pods the owners of those want altogether.</param>
    public static DisruptionPlan Compute(PodDisruptionBudget budget, IReadOnlyList<Pod> pods, int expected, DateTimeOffset now)
    {
        var disrupted = StillDisrupted(budget.Status.DisruptedPods, pods, now);
        var healthy = pods.Count(pod => pod.Metadata.DeletionTimestamp is null && pod.IsReady() && !disrupted.ContainsKey(pod.Metadata.Name));
        var desired = DesiredHealthy(budget.Spec, expected);
        var allowed = expected <= 0 ? 0 : Math.Max(0, healthy - desired);
        var status = budget.Status with
        {
            CurrentHealthy = healthy,
            DesiredHealthy = desired,
            ExpectedPods = expected,
            DisruptionsAllowed = allowed,
            DisruptedPods = disrupted,
            ObservedGeneration = budget.Metadata.Generation,
            Conditions = WithCondition(budget, allowed > 0, allowed > 0 ? "SufficientPods" : "InsufficientPods", "", now),
        };
        return new DisruptionPlan(status, disrupted.Count == 0 ? null : disrupted.Values.Min() + DeletionTimeout);
    }

    /// <summary>When the figures are not known nothing may be disrupted.</summary>
    public static PodDisruptionBudgetStatus Failed(PodDisruptionBudget budget, string why, DateTimeOffset now) => budget.Status with
    {
        DisruptionsAllowed = 0,
        ObservedGeneration = budget.Metadata.Generation,
        Conditions = WithCondition(budget, holds: false, "SyncFailed", why, now),
    };

    /// <summary>Whether the figures depend on what the pods' owners want; a plain number of available pods does not.</summary>
    public static bool AsksOwners(PodDisruptionBudgetSpec spec) => spec.MaxUnavailable is not null || spec.MinAvailable is { IsString: true };

    private static int DesiredHealthy(PodDisruptionBudgetSpec spec, int expected) =>
        spec.MaxUnavailable is { } unavailable ? Math.Max(0, expected - unavailable.Scale(expected, roundUp: true))
        : spec.MinAvailable is { } available ? available.Scale(expected, roundUp: true)
        : 0;

    private static Dictionary<string, DateTimeOffset?> StillDisrupted(
        IReadOnlyDictionary<string, DateTimeOffset?> known, IReadOnlyList<Pod> pods, DateTimeOffset now)
    {
        var disrupted = new Dictionary<string, DateTimeOffset?>(StringComparer.Ordinal);
        foreach (var pod in pods)
        {
            if (pod.Metadata.DeletionTimestamp is null && known.TryGetValue(pod.Metadata.Name, out var at) && at + DeletionTimeout > now)
            {
                disrupted[pod.Metadata.Name] = at;
            }
        }

        return disrupted;
    }

    private static IReadOnlyList<Condition> WithCondition(PodDisruptionBudget budget, bool holds, string reason, string message, DateTimeOffset now)
    {
        var status = holds ? ConditionStatus.True : ConditionStatus.False;
        var known = budget.Status.Conditions.FirstOrDefault(condition => condition.Type == DisruptionAllowed);
        var current = new Condition
        {
            Type = DisruptionAllowed,
            Status = status,
            Reason = reason,
            Message = message,
            ObservedGeneration = budget.Metadata.Generation,
            LastTransitionTime = known?.Status == status ? known.LastTransitionTime : now,
        };
        return [.. budget.Status.Conditions.Where(condition => condition.Type != DisruptionAllowed), current];
    }
}
