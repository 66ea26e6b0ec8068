using Coxswain.Api.Apps.V1;

namespace Coxswain.Controllers.Apps;

/// <summary>
/// Moves a Deployment from its old ReplicaSets to the new one in steps that never exceed maxSurge or maxUnavailable
/// (https://kubernetes.io/docs/concepts/workloads/controllers/deployment/#rolling-update-deployment). Pure.
/// </summary>
internal static class RollingUpdatePlanner
{
    /// <summary>The next steps; nothing when the roll-out is over or waits for pods.</summary>
    public static IReadOnlyList<ScaleStep> Plan(RolloutState state)
    {
        // Up first: what comes up is what lets the others go.
        var up = ScaleUp(state);
        return up is not null ? [up] : ScaleDown(state);
    }

    /// <summary>How many replicas the new ReplicaSet may have now.</summary>
    public static int NewReplicas(RolloutState state, int current)
    {
        if (!state.IsRollingUpdate)
        {
            return state.Replicas;
        }

        var total = state.All.Where(set => set != state.New).Sum(RolloutState.SpecOf) + current;
        var room = state.MaxReplicas - total;
        return room <= 0 ? current : current + Math.Min(room, state.Replicas - current);
    }

    private static ScaleStep? ScaleUp(RolloutState state)
    {
        if (state.New is not { } set)
        {
            return null;
        }

        var current = RolloutState.SpecOf(set);
        var wanted = current > state.Replicas ? state.Replicas : NewReplicas(state, current);
        return wanted == current ? null : new ScaleStep(set, wanted);
    }

    private static IReadOnlyList<ScaleStep> ScaleDown(RolloutState state)
    {
        var olds = state.Old.Where(set => RolloutState.SpecOf(set) > 0).ToList();
        if (olds.Count == 0 || state.New is not { } newSet)
        {
            return [];
        }

        // New pods that are not there yet count as unavailable already: a crash-looping template must not drain the old ones.
        var unavailableNew = RolloutState.SpecOf(newSet) - RolloutState.AvailableOf(newSet);
        var budget = state.TotalSpecReplicas - state.MinAvailable - unavailableNew;
        if (budget <= 0)
        {
            return [];
        }

        var targets = olds.ToDictionary(set => set, RolloutState.SpecOf);
        RemoveUnhealthy(olds, targets, budget);
        RemoveHealthy(olds, targets, state.All.Sum(RolloutState.AvailableOf) - state.MinAvailable);
        return [.. targets.Where(target => target.Value != RolloutState.SpecOf(target.Key)).Select(target => new ScaleStep(target.Key, target.Value))];
    }

    /// <summary>Old pods that are not available go first: nobody loses by it.</summary>
    private static void RemoveUnhealthy(List<ReplicaSet> olds, Dictionary<ReplicaSet, int> targets, int budget)
    {
        foreach (var set in olds)
        {
            var remove = Math.Min(budget, targets[set] - RolloutState.AvailableOf(set));
            if (remove > 0)
            {
                targets[set] -= remove;
                budget -= remove;
            }
        }
    }

    private static void RemoveHealthy(List<ReplicaSet> olds, Dictionary<ReplicaSet, int> targets, int budget)
    {
        foreach (var set in olds)
        {
            var remove = Math.Min(budget, targets[set]);
            if (remove > 0)
            {
                targets[set] -= remove;
                budget -= remove;
            }
        }
    }
}
