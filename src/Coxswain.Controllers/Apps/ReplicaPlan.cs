using Coxswain.Api.Core.V1;
using Coxswain.Controllers.Pods;

namespace Coxswain.Controllers.Apps;

/// <summary>What brings a set to its number of replicas.</summary>
/// <param name="Create">How many pods to make.</param>
/// <param name="Delete">Which pods to delete.</param>
internal sealed record ReplicaPlan(int Create, IReadOnlyList<Pod> Delete)
{
    /// <summary>At most so many changes at once; the rest follows when these have been seen. As in Kubernetes.</summary>
    private const int MaxBurst = 500;

    public static readonly ReplicaPlan Nothing = new(0, []);

    /// <param name="active">The set's active pods.</param>
    /// <param name="neighbours">How many pods of the set and its siblings run on each node.</param>
    public static ReplicaPlan Compute(int replicas, IReadOnlyList<Pod> active, IReadOnlyDictionary<string, int> neighbours, DateTimeOffset now)
    {
        var surplus = active.Count - replicas;
        return surplus switch
        {
            0 => Nothing,
            < 0 => new ReplicaPlan(Math.Min(-surplus, MaxBurst), []),
            _ => new ReplicaPlan(0, [.. PodDeletionOrder.Sort(active, neighbours, now).Take(Math.Min(surplus, MaxBurst))]),
        };
    }
}
