using Coxswain.Api.Core.V1;

namespace Coxswain.Controllers.Apps;

/// <summary>The figures of a set's status.</summary>
/// <param name="Terminating">On their way out, and counted in none of the others.</param>
internal sealed record ReplicaCounts(int Replicas, int FullyLabeled, int Ready, int Available, int Terminating)
{
    /// <param name="pods">All of the set's.</param>
    /// <param name="active">Those of them that are active.</param>
    public static ReplicaCounts Of(
        IReadOnlyList<Pod> pods, IReadOnlyList<Pod> active, IReadOnlyDictionary<string, string> templateLabels, int minReadySeconds,
        DateTimeOffset now) => new(
        active.Count,
        active.Count(pod => templateLabels.All(label => pod.Metadata.Labels.TryGetValue(label.Key, out var value) && value == label.Value)),
        active.Count(pod => pod.IsReady()),
        active.Count(pod => pod.IsAvailable(minReadySeconds, now)),
        pods.Count(pod => pod.Metadata.DeletionTimestamp is not null && !pod.IsFinished()));

    /// <summary>When the next ready pod becomes available; null when none is waiting.</summary>
    public static TimeSpan? NextAvailable(IReadOnlyList<Pod> active, int minReadySeconds, DateTimeOffset now)
    {
        TimeSpan? next = null;
        foreach (var pod in active)
        {
            if (pod.ReadySince() is { } since && since + TimeSpan.FromSeconds(minReadySeconds) - now is var wait && wait > TimeSpan.Zero && !(next < wait))
            {
                next = wait;
            }
        }

        return next;
    }
}
