namespace Coxswain.Scheduler;

/// <summary>What became of one pod.</summary>
public abstract record Placement
{
    private Placement()
    {
    }

    public sealed record Placed(string NodeName) : Placement;

    /// <param name="NodeCount">How many nodes were asked.</param>
    /// <param name="Reasons">How many nodes gave each reason.</param>
    public sealed record Unschedulable(int NodeCount, IReadOnlyDictionary<string, int> Reasons) : Placement
    {
        /// <summary>Why the nodes were not asked one by one; null when they were.</summary>
        public string? Refusal { get; init; }

        /// <summary>As Kubernetes puts it: <c>0/3 nodes are available: 1 Insufficient cpu, 2 Too many pods.</c></summary>
        public string Message => NodeCount == 0
            ? "no nodes available to schedule pods"
            : Refusal is not null ? $"0/{NodeCount} nodes are available: {Refusal}."
            : $"0/{NodeCount} nodes are available: {string.Join(", ", Reasons.Select(reason => $"{reason.Value} {reason.Key}").Order(StringComparer.Ordinal))}.";
    }
}
