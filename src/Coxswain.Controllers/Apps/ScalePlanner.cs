using Coxswain.Api.Apps.V1;

namespace Coxswain.Controllers.Apps;

/// <summary>
/// Carries a change of a Deployment's replicas over to its ReplicaSets, in the middle of a roll-out in proportion to
/// their sizes (https://kubernetes.io/docs/concepts/workloads/controllers/deployment/#proportional-scaling). Pure.
/// </summary>
internal static class ScalePlanner
{
    /// <summary>Whether the Deployment's replicas have changed since its ReplicaSets were last scaled.</summary>
    public static bool IsScalingEvent(RolloutState state) => state.All.Any(set =>
        RolloutState.SpecOf(set) > 0
        && DeploymentAnnotations.Number(set, DeploymentAnnotations.DesiredReplicas) is { } desired
        && desired != state.Replicas);

    /// <returns>Every ReplicaSet whose size or whose recorded sizes are to change.</returns>
    public static IReadOnlyList<ScaleStep> Plan(RolloutState state)
    {
        var active = state.All.Where(set => RolloutState.SpecOf(set) > 0).ToList();
        if (active.Count <= 1)
        {
            // With nothing running, the new one, or (paused before it was made) the latest there is.
            var only = (active.Count > 0 ? active[0] : null) ?? state.New ?? (state.All.Count > 0 ? state.All[^1] : null);
            return only is not null && RolloutState.SpecOf(only) != state.Replicas ? [new ScaleStep(only, state.Replicas)] : [];
        }

        if (IsSaturated(state))
        {
            return [.. active.Where(set => set != state.New).Select(set => new ScaleStep(set, 0))];
        }

        return state.IsRollingUpdate ? Proportional(state, active) : [];
    }

    private static bool IsSaturated(RolloutState state) =>
        state.New is { } set
        && RolloutState.SpecOf(set) == state.Replicas
        && DeploymentAnnotations.Number(set, DeploymentAnnotations.DesiredReplicas) == state.Replicas
        && set.Status.AvailableReplicas == state.Replicas;

    private static IReadOnlyList<ScaleStep> Proportional(RolloutState state, List<ReplicaSet> active)
    {
        var allowed = state.Replicas > 0 ? state.MaxReplicas : 0;
        var toAdd = allowed - active.Sum(RolloutState.SpecOf);

        // Largest first; among equals growth prefers the newer, shrinking the older.
        var bySize = active.OrderByDescending(RolloutState.SpecOf);
        var ordered = (toAdd > 0
            ? bySize.ThenByDescending(set => set.Metadata.CreationTimestamp)
            : bySize.ThenBy(set => set.Metadata.CreationTimestamp)).ThenBy(set => set.Metadata.Name, StringComparer.Ordinal).ToList();
        var sizes = new int[ordered.Count];
        var added = 0;
        for (var i = 0; i < ordered.Count; i++)
        {
            var share = toAdd == 0 ? 0 : Share(state, ordered[i], toAdd, added);
            sizes[i] = RolloutState.SpecOf(ordered[i]) + share;
            added += share;
        }

        // What rounding left over goes to the largest.
        sizes[0] = Math.Max(0, sizes[0] + toAdd - added);
        return [.. ordered.Select((set, i) => new ScaleStep(set, sizes[i]))];
    }

    private static int Share(RolloutState state, ReplicaSet set, int toAdd, int added)
    {
        var share = Fraction(state, set);
        var left = toAdd - added;
        return toAdd > 0 ? Math.Min(share, left) : Math.Max(share, left);
    }

    private static int Fraction(RolloutState state, ReplicaSet set)
    {
        var size = RolloutState.SpecOf(set);
        if (state.Replicas == 0)
        {
            return -size;
        }

        var before = DeploymentAnnotations.Number(set, DeploymentAnnotations.MaxReplicas) ?? state.Deployment.Status.Replicas;
        return before == 0 ? 0 : (int)Math.Round((double)size * state.MaxReplicas / before, MidpointRounding.AwayFromZero) - size;
    }
}
