using Coxswain.Api.Apps.V1;
using Coxswain.Api.Core.V1;
using V1Node = Coxswain.Api.Core.V1.Node;

namespace Coxswain.Controllers.DaemonSets;

/// <summary>Which nodes of a DaemonSet get the new template next. Pure.</summary>
internal sealed class DaemonRollout(DaemonSet set, ILookup<string, Pod> byNode, IReadOnlyList<V1Node> nodes, string hash, DateTimeOffset now)
{
    private readonly List<string> _names = [.. nodes.Where(node => DaemonNodes.ShouldRun(set, node)).Select(node => node.Metadata.Name)];

    /// <summary>A new pod is started beside the old one.</summary>
    public static bool MaySurge(DaemonSet set) => SurgeOf(set, 100) > 0;

    /// <summary>Nodes that get a second pod, of the new template, beside one that serves.</summary>
    public IEnumerable<string> Surge()
    {
        if (!MaySurge(set))
        {
            return [];
        }

        var room = SurgeOf(set, _names.Count) - _names.Count(name => Alive(name).Any(IsUpdated) && Alive(name).Any(pod => !IsUpdated(pod)));
        return _names.Where(name => Alive(name).Any() && !Alive(name).Any(IsUpdated)).Take(Math.Max(0, room));
    }

    /// <summary>Old pods to delete: those that serve nobody at once, others as many as may be unavailable.</summary>
    public IEnumerable<Pod> Replace()
    {
        var old = _names.Select(name => Alive(name).ToList()).Where(there => there.Count > 0 && there.All(pod => !IsUpdated(pod)))
            .Select(there => there[0]).ToList();
        if (MaySurge(set))
        {
            // Those that surge are deleted once the new pod is available; one that does not serve needs no second.
            return [];
        }

        var budget = UnavailableOf(_names.Count) - _names.Count(name => !Alive(name).Any(IsAvailable));
        return [.. old.Where(pod => !IsAvailable(pod)), .. old.Where(IsAvailable).Take(Math.Max(0, budget))];
    }

    private static int SurgeOf(DaemonSet set, int desired) =>
        set.Spec.UpdateStrategy.Type == DaemonSetUpdateStrategyType.OnDelete ? 0
            : (set.Spec.UpdateStrategy.RollingUpdate?.MaxSurge ?? 0).Scale(desired, roundUp: true);

    private int UnavailableOf(int desired) => Math.Max(1, (set.Spec.UpdateStrategy.RollingUpdate?.MaxUnavailable ?? 1).Scale(desired, roundUp: true));

    private IEnumerable<Pod> Alive(string name) => byNode[name].Where(PodConditions.IsActive);

    private bool IsUpdated(Pod pod) => DaemonPods.HashOf(pod) == hash;

    private bool IsAvailable(Pod pod) => pod.IsAvailable(set.Spec.MinReadySeconds, now);
}
