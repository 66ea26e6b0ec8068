using Coxswain.Api.Apps.V1;
using Coxswain.Api.Core.V1;
using V1Node = Coxswain.Api.Core.V1.Node;

namespace Coxswain.Controllers.DaemonSets;

/// <summary>The figures of a DaemonSet's status: of nodes, not of pods. Pure.</summary>
internal static class DaemonSetStatuses
{
    public static DaemonSetStatus Compute(DaemonSet set, ILookup<string, Pod> byNode, IReadOnlyList<V1Node> nodes, string hash, DateTimeOffset now)
    {
        int desired = 0, current = 0, misplaced = 0, ready = 0, available = 0, updated = 0;
        foreach (var node in nodes)
        {
            var there = byNode[node.Metadata.Name].Where(pod => !pod.IsFinished())
                .OrderBy(pod => pod.Metadata.CreationTimestamp).ThenBy(pod => pod.Metadata.Name, StringComparer.Ordinal).ToList();
            if (!DaemonNodes.ShouldRun(set, node))
            {
                misplaced += there.Count > 0 ? 1 : 0;
                continue;
            }

            desired++;
            if (there.Count == 0)
            {
                continue;
            }

            // Of an old and a new one the better speaks for the node.
            current++;
            ready += there.Any(pod => pod.IsReady()) ? 1 : 0;
            available += there.Any(pod => pod.IsAvailable(set.Spec.MinReadySeconds, now)) ? 1 : 0;
            updated += there.Any(pod => DaemonPods.HashOf(pod) == hash) ? 1 : 0;
        }

        return set.Status with
        {
            ObservedGeneration = set.Metadata.Generation,
            DesiredNumberScheduled = desired,
            CurrentNumberScheduled = current,
            NumberMisscheduled = misplaced,
            NumberReady = ready,
            NumberAvailable = available,
            NumberUnavailable = desired - available,
            UpdatedNumberScheduled = updated,
        };
    }

    public static TimeSpan? NextAvailable(DaemonSet set, IEnumerable<Pod> pods, DateTimeOffset now)
    {
        TimeSpan? next = null;
        foreach (var pod in set.Spec.MinReadySeconds == 0 ? [] : pods)
        {
            if (pod.ReadySince() is { } since && since + TimeSpan.FromSeconds(set.Spec.MinReadySeconds) - now is var wait && wait > TimeSpan.Zero && !(next < wait))
            {
                next = wait;
            }
        }

        return next;
    }
}
