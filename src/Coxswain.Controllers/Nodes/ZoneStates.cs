using Coxswain.Api.Core.V1;
using ConditionStatus = Coxswain.Api.Core.V1.ConditionStatus;
using V1Node = Coxswain.Api.Core.V1.Node;

namespace Coxswain.Controllers.Nodes;

/// <summary>
/// The state of every zone, and what it means for the eviction of pods
/// (https://kubernetes.io/docs/concepts/architecture/nodes/#rate-limits-on-eviction). Pure.
/// </summary>
internal sealed class ZoneStates
{
    /// <summary>Zones of more nodes than this are large. As in Kubernetes, like the figures below.</summary>
    private const int LargeZone = 50;
    private const int MinNotReady = 3;
    private const double UnhealthyThreshold = 0.55;
    private static readonly TimeSpan Primary = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan Secondary = TimeSpan.FromSeconds(100);

    public static readonly ZoneStates None = new([]);

    private readonly Dictionary<string, (ZoneState State, int Nodes)> _zones;

    private ZoneStates(Dictionary<string, (ZoneState State, int Nodes)> zones) => _zones = zones;

    /// <summary>Every zone is in full disruption: it is we who see nothing, and nobody is evicted.</summary>
    public bool AllDisrupted => _zones.Count > 0 && _zones.Values.All(zone => zone.State == ZoneState.FullDisruption);

    public static ZoneStates Of(IEnumerable<V1Node> nodes)
    {
        var zones = new Dictionary<string, (ZoneState State, int Nodes)>(StringComparer.Ordinal);
        foreach (var zone in nodes.GroupBy(ZoneOf, StringComparer.Ordinal))
        {
            var ready = zone.Count(node => NodeHealth.ReadyStatus(node) == ConditionStatus.True);
            var total = zone.Count();
            var notReady = total - ready;
            var state = ready == 0 ? ZoneState.FullDisruption
                : notReady >= MinNotReady && (double)notReady / total >= UnhealthyThreshold ? ZoneState.PartialDisruption
                : ZoneState.Normal;
            zones[zone.Key] = (state, total);
        }

        return new ZoneStates(zones);
    }

    public static string ZoneOf(V1Node node) =>
        $"{node.Metadata.Labels.GetValueOrDefault("topology.kubernetes.io/region")}/{node.Metadata.Labels.GetValueOrDefault("topology.kubernetes.io/zone")}";

    public ZoneState StateOf(string zone) => _zones.TryGetValue(zone, out var known) ? known.State : ZoneState.Normal;

    /// <summary>The time between the evictions of two nodes of a zone; null when none is to be evicted.</summary>
    public TimeSpan? IntervalOf(string zone) =>
        AllDisrupted ? null
        : StateOf(zone) != ZoneState.PartialDisruption ? Primary
        : _zones[zone].Nodes > LargeZone ? Secondary
        : null;

    /// <summary>Whether evictions go on as they did.</summary>
    public bool MeansSameAs(ZoneStates other) =>
        AllDisrupted == other.AllDisrupted && _zones.Keys.Union(other._zones.Keys).All(zone => IntervalOf(zone) == other.IntervalOf(zone));
}
