using Coxswain.Api.Core.V1;
using LabelSelector = Coxswain.Api.LabelSelector;

namespace Coxswain.Scheduler;

/// <summary>One term of a pod's (anti-)affinity to other pods, ready to be asked.</summary>
internal sealed class AffinityTerm
{
    private readonly LabelSelector _selector;
    private readonly IReadOnlyCollection<string> _namespaces;
    private readonly bool _anyNamespace;

    private AffinityTerm(PodAffinityTerm term, Pod owner)
    {
        TopologyKey = term.TopologyKey;
        var requirements = LabelSelector.From(term.LabelSelector);
        var sameKeys = term.MatchLabelKeys.Where(owner.Metadata.Labels.ContainsKey).ToDictionary(key => key, key => owner.Metadata.Labels[key]);
        _selector = sameKeys.Count == 0 ? requirements : LabelSelector.From([.. requirements.Requirements, .. LabelSelector.From(sameKeys).Requirements]);
        _namespaces = term.Namespaces.Count > 0 || term.NamespaceSelector is not null ? term.Namespaces : [owner.Metadata.Namespace];

        // The snapshot holds no namespaces: only the selector of all of them can be answered, and that is the one in use.
        _anyNamespace = term.NamespaceSelector is { MatchLabels.Count: 0, MatchExpressions.Count: 0 };
    }

    public string TopologyKey { get; }

    public static AffinityTerm Of(PodAffinityTerm term, Pod owner) => new(term, owner);

    public bool Matches(Pod other) =>
        (_anyNamespace || _namespaces.Contains(other.Metadata.Namespace)) && _selector.Matches(other.Metadata.Labels);

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
