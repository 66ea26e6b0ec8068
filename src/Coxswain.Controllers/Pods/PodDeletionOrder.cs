using System.Globalization;
using Coxswain.Api.Core.V1;

namespace Coxswain.Controllers.Pods;

/// <summary>
/// Which of a set's pods go first when it shrinks: those that serve least, as Kubernetes ranks them
/// (https://kubernetes.io/docs/concepts/workloads/controllers/replicaset/#scaling-a-replicaset).
/// </summary>
internal static class PodDeletionOrder
{
    private const string DeletionCost = "controller.kubernetes.io/pod-deletion-cost";

    /// <param name="neighbours">How many pods of the set and its siblings run on each node.</param>
    public static IEnumerable<Pod> Sort(IEnumerable<Pod> pods, IReadOnlyDictionary<string, int> neighbours, DateTimeOffset now) => pods
        .OrderBy(pod => pod.Spec.NodeName.Length > 0)
        .ThenBy(pod => pod.Status.Phase switch { PodPhase.Pending or "" => 0, PodPhase.Unknown => 1, _ => 2 })
        .ThenBy(pod => pod.IsReady())
        .ThenBy(CostOf)
        .ThenByDescending(pod => neighbours.GetValueOrDefault(pod.Spec.NodeName))
        .ThenBy(pod => pod.IsReady() ? Bucket(now - (pod.ReadySince() ?? now)) : 0)
        .ThenByDescending(pod => pod.Status.ContainerStatuses.Select(container => container.RestartCount).DefaultIfEmpty().Max())
        .ThenBy(pod => Bucket(now - (pod.Metadata.CreationTimestamp ?? now)))
        .ThenBy(pod => pod.Metadata.Uid, StringComparer.Ordinal);

    private static int CostOf(Pod pod) =>
        pod.Metadata.Annotations.TryGetValue(DeletionCost, out var text)
        && int.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var cost) ? cost : 0;

    /// <summary>Ages are compared by orders of magnitude, so that the oldest pods are not always the ones that stay.</summary>
    private static int Bucket(TimeSpan age) => age.TotalSeconds < 1 ? 0 : 1 + (int)Math.Log2(age.TotalSeconds);
}
