using System.Globalization;
using Coxswain.Api.Core.V1;
using V1Node = Coxswain.Api.Core.V1.Node;

namespace Coxswain.Scheduler;

/// <summary>Which nodes a pod's nodeSelector and required node affinity admit. Also what a DaemonSet asks.</summary>
public static class NodeSelection
{
    public static bool IsSelective(PodSpec spec) =>
        spec.NodeSelector.Count > 0 || spec.Affinity?.NodeAffinity?.RequiredDuringSchedulingIgnoredDuringExecution is not null;

    public static bool Matches(PodSpec spec, V1Node node)
    {
        foreach (var (key, value) in spec.NodeSelector)
        {
            if (!node.Metadata.Labels.TryGetValue(key, out var actual) || actual != value)
            {
                return false;
            }
        }

        return spec.Affinity?.NodeAffinity?.RequiredDuringSchedulingIgnoredDuringExecution is not { } required || Matches(required, node);
    }

    public static bool Matches(NodeSelector selector, V1Node node) => selector.NodeSelectorTerms.Any(term => Matches(term, node));

    /// <summary>A term without any requirement matches no node.</summary>
    internal static bool Matches(NodeSelectorTerm term, V1Node node) =>
        term.MatchExpressions.Count + term.MatchFields.Count > 0
        && term.MatchExpressions.All(requirement => Holds(requirement, node.Metadata.Labels.GetValueOrDefault(requirement.Key)))
        && term.MatchFields.All(requirement => Holds(requirement, requirement.Key == "metadata.name" ? node.Metadata.Name : null));

    private static bool Holds(NodeSelectorRequirement requirement, string? value) => requirement.Operator switch
    {
        NodeSelectorOperator.In => value is not null && requirement.Values.Contains(value),
        NodeSelectorOperator.NotIn => value is null || !requirement.Values.Contains(value),
        NodeSelectorOperator.Exists => value is not null,
        NodeSelectorOperator.DoesNotExist => value is null,
        NodeSelectorOperator.Gt => Number(value) > Number(requirement.Values[0]),
        NodeSelectorOperator.Lt => Number(value) < Number(requirement.Values[0]),
        _ => false,
    };

    private static long? Number(string? value) =>
        long.TryParse(value, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number) ? number : null;
}
