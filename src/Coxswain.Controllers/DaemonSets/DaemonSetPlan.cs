using Coxswain.Api.Apps.V1;
using Coxswain.Api.Core.V1;
using V1Node = Coxswain.Api.Core.V1.Node;

namespace Coxswain.Controllers.DaemonSets;

/// <summary>
/// The next step of a DaemonSet (https://kubernetes.io/docs/concepts/workloads/controllers/daemonset/): one pod on each
/// node that suits, moved to a new template within the bounds of its strategy. Pure.
/// </summary>
/// <param name="Create">Names of nodes that are to get a pod.</param>
/// <param name="Failed">Those of the deleted that had ended by themselves, and are replaced with a growing wait.</param>
/// <param name="Recheck">When a ready pod becomes available; null when none is waited for.</param>
internal sealed record DaemonSetPlan(
    IReadOnlyList<string> Create, IReadOnlyList<Pod> Delete, IReadOnlyList<Pod> Failed, DaemonSetStatus Status, TimeSpan? Recheck)
{
    /// <summary>At most so many changes at once; the rest follows when these have been seen. As in Kubernetes.</summary>
    private const int MaxBurst = 250;

    /// <param name="pods">All of the DaemonSet's.</param>
    /// <param name="hash">That of the current template.</param>
    public static DaemonSetPlan Compute(DaemonSet set, IReadOnlyList<Pod> pods, IReadOnlyList<V1Node> nodes, string hash, DateTimeOffset now)
    {
        var byNode = pods.ToLookup(DaemonPods.NodeOf, StringComparer.Ordinal);
        var (create, delete, failed) = (new List<string>(), new List<Pod>(), new List<Pod>());
        foreach (var node in nodes)
        {
            var there = byNode[node.Metadata.Name].Where(pod => pod.Metadata.DeletionTimestamp is null).ToList();
            if (DaemonNodes.ShouldRun(set, node))
            {
                failed.AddRange(there.Where(pod => pod.IsFinished()));
                var alive = there.Where(pod => !pod.IsFinished()).ToList();
                if (alive.Count == 0)
                {
                    // In its own time: a pod that is still ending holds its place, unless two may be there at once.
                    if (byNode[node.Metadata.Name].All(pod => pod.Metadata.DeletionTimestamp is null))
                    {
                        create.Add(node.Metadata.Name);
                    }
                }
                else
                {
                    delete.AddRange(Redundant(set, alive, hash, now));
                }
            }
            else if (!DaemonNodes.MayStay(set, node))
            {
                delete.AddRange(there);
            }
        }

        // Pods for nodes that are gone would wait for ever.
        var known = nodes.Select(node => node.Metadata.Name).ToHashSet(StringComparer.Ordinal);
        delete.AddRange(pods.Where(pod => pod.Metadata.DeletionTimestamp is null && pod.Spec.NodeName.Length == 0 && !known.Contains(DaemonPods.NodeOf(pod))));
        if (set.Spec.UpdateStrategy.Type is DaemonSetUpdateStrategyType.RollingUpdate or "")
        {
            Roll(new DaemonRollout(set, byNode, nodes, hash, now), create, delete);
        }

        // One whose container cannot even start again ended with its node; it makes room first.
        create.RemoveAll(name => byNode[name].Any(pod => failed.Contains(pod)));
        return new DaemonSetPlan(
            [.. create.Take(MaxBurst)], [.. delete.Distinct().Take(MaxBurst)], [.. failed.Take(MaxBurst)],
            DaemonSetStatuses.Compute(set, byNode, nodes, hash, now), DaemonSetStatuses.NextAvailable(set, pods, now));
    }

    /// <summary>
    /// Of several pods of a node the oldest stays; while two may be there at once, one of each template, until the new one
    /// is available.
    /// </summary>
    private static IEnumerable<Pod> Redundant(DaemonSet set, List<Pod> alive, string hash, DateTimeOffset now)
    {
        var ordered = alive.OrderBy(pod => pod.Spec.NodeName.Length == 0).ThenBy(pod => pod.Metadata.CreationTimestamp)
            .ThenBy(pod => pod.Metadata.Name, StringComparer.Ordinal).ToList();
        if (!DaemonRollout.MaySurge(set))
        {
            return ordered.Skip(1);
        }

        var (updated, old) = (ordered.Where(pod => DaemonPods.HashOf(pod) == hash).ToList(), ordered.Where(pod => DaemonPods.HashOf(pod) != hash).ToList());
        var isReplaced = updated.Count > 0 && (updated[0].IsAvailable(set.Spec.MinReadySeconds, now) || old.Count > 0 && !old[0].IsReady());
        return [.. updated.Skip(1), .. isReplaced ? old : old.Skip(1)];
    }

    private static void Roll(DaemonRollout rollout, List<string> create, List<Pod> delete)
    {
        create.AddRange(rollout.Surge().Except(create, StringComparer.Ordinal));
        delete.AddRange(rollout.Replace());
    }
}
