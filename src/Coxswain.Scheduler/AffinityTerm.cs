using Coxswain.Api.Core.V1;
using LabelSelector = Coxswain.Api.Selectors.LabelSelector;

namespace Coxswain.Scheduler;

/// <summary>One term of a pod's (anti-)affinity to other pods, ready to be asked.</summary>
internal sealed class AffinityTerm
{
    private readonly LabelSelector _selector;
    private readonly IReadOnlyCollection<string> _namespaces;
    private readonly LabelSelector _namespaceSelector;
    private readonly ClusterSnapshot _snapshot;

    private AffinityTerm(PodAffinityTerm term, Pod owner, ClusterSnapshot snapshot)
    {
        _snapshot = snapshot;
        TopologyKey = term.TopologyKey;
        var requirements = LabelSelector.From(term.LabelSelector);
        var sameKeys = term.MatchLabelKeys.Where(owner.Metadata.Labels.ContainsKey).ToDictionary(key => key, key => owner.Metadata.Labels[key]);
        _selector = sameKeys.Count == 0 ? requirements : LabelSelector.From([.. requirements.Requirements, .. LabelSelector.From(sameKeys).Requirements]);
        _namespaces = term.Namespaces.Count > 0 || term.NamespaceSelector is not null ? term.Namespaces : [owner.Metadata.Namespace];

        // Besides those named; an absent selector matches none and an empty one all.
        _namespaceSelector = LabelSelector.From(term.NamespaceSelector);
    }

    public string TopologyKey { get; }

    /// <param name="owner">The pod whose term it is.</param>
    public static AffinityTerm Of(PodAffinityTerm term, Pod owner, ClusterSnapshot snapshot) => new(term, owner, snapshot);

    public bool Matches(Pod other) =>
        _selector.Matches(other.Metadata.Labels)
        && (_namespaces.Contains(other.Metadata.Namespace) || _namespaceSelector.Matches(_snapshot.LabelsOf(other.Metadata.Namespace)));

    /// <summary>How many matching pods each domain holds.</summary>
    public Dictionary<string, int> CountByDomain(ClusterSnapshot snapshot)
    {
        var counts = new Dictionary<string, int>(StringComparer.Ordinal);
        foreach (var node in snapshot.Nodes.Values)
        {
            if (node.Node.Metadata.Labels.TryGetValue(TopologyKey, out var domain))
            {
                counts[domain] = counts.GetValueOrDefault(domain) + node.Pods.Values.Count(other => Matches(other.Pod));
            }
        }

        return counts;
    }
}
