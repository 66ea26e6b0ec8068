namespace Coxswain.Controllers.Apps;

/// <summary>Ends every old pod before the first new one is made. Pure.</summary>
internal static class RecreatePlanner
{
    /// <summary>Old ReplicaSets that still ask for pods, down to none.</summary>
    public static IReadOnlyList<ScaleStep> ScaleDown(RolloutState state) =>
        [.. state.Old.Where(set => RolloutState.SpecOf(set) > 0).Select(set => new ScaleStep(set, 0))];

    public static IReadOnlyList<ScaleStep> ScaleUp(RolloutState state) =>
        state.New is { } set && RolloutState.SpecOf(set) != state.Replicas ? [new ScaleStep(set, state.Replicas)] : [];
}
