using Coxswain.Api.Core.V1;
using Coxswain.Api.Errors;
using Coxswain.Api.Scalars;

namespace Coxswain.Api.Validation;

/// <summary>The rules for where a Pod wants to be.</summary>
internal static class AffinityValidation
{
    public static void Check(FieldErrors errors, Affinity affinity, string path)
    {
        if (affinity.NodeAffinity is { } node)
        {
            CheckNode(errors, node, path + ".nodeAffinity");
        }

        if (affinity.PodAffinity is { } pod)
        {
            CheckPods(errors, pod.RequiredDuringSchedulingIgnoredDuringExecution, pod.PreferredDuringSchedulingIgnoredDuringExecution, path + ".podAffinity");
        }

        if (affinity.PodAntiAffinity is { } anti)
        {
            CheckPods(errors, anti.RequiredDuringSchedulingIgnoredDuringExecution, anti.PreferredDuringSchedulingIgnoredDuringExecution, path + ".podAntiAffinity");
        }
    }

    /// <summary>Also what a PersistentVolume says of its nodes.</summary>
    public static void NodeSelector(FieldErrors errors, NodeSelector selector, string path)
    {
        if (selector.NodeSelectorTerms.Count == 0)
        {
            errors.Required(path + ".nodeSelectorTerms", "must have at least one node selector term");
        }

        for (var i = 0; i < selector.NodeSelectorTerms.Count; i++)
        {
            Term(errors, selector.NodeSelectorTerms[i], $"{path}.nodeSelectorTerms[{i}]");
        }
    }

    private static void CheckNode(FieldErrors errors, NodeAffinity affinity, string path)
    {
        if (affinity.RequiredDuringSchedulingIgnoredDuringExecution is { } required)
        {
            NodeSelector(errors, required, path + ".requiredDuringSchedulingIgnoredDuringExecution");
        }

        for (var i = 0; i < affinity.PreferredDuringSchedulingIgnoredDuringExecution.Count; i++)
        {
            var preferred = affinity.PreferredDuringSchedulingIgnoredDuringExecution[i];
            var at = $"{path}.preferredDuringSchedulingIgnoredDuringExecution[{i}]";
            Weight(errors, preferred.Weight, at + ".weight");
            Term(errors, preferred.Preference, at + ".preference");
        }
    }

    private static void Term(FieldErrors errors, NodeSelectorTerm term, string path)
    {
        for (var i = 0; i < term.MatchExpressions.Count; i++)
        {
            var requirement = term.MatchExpressions[i];
            var at = $"{path}.matchExpressions[{i}]";
            switch (requirement.Operator)
            {
                case "In" or "NotIn" when requirement.Values.Count == 0:
                    errors.Required(at + ".values", "must be specified when `operator` is 'In' or 'NotIn'");
                    break;
                case "Exists" or "DoesNotExist" when requirement.Values.Count > 0:
                    errors.Forbidden(at + ".values", "may not be specified when `operator` is 'Exists' or 'DoesNotExist'");
                    break;
                case "Gt" or "Lt" when requirement.Values.Count != 1:
                    errors.Required(at + ".values", "must be specified single value when `operator` is 'Lt' or 'Gt'");
                    break;
                case "In" or "NotIn" or "Exists" or "DoesNotExist" or "Gt" or "Lt":
                    break;
                default:
                    errors.Invalid(at + ".operator", requirement.Operator, "not a valid selector operator");
                    break;
            }

            errors.Invalid(at + ".key", requirement.Key, Names.QualifiedNameErrors(requirement.Key));
        }
    }

    private static void CheckPods(
        FieldErrors errors, IReadOnlyList<PodAffinityTerm> required, IReadOnlyList<WeightedPodAffinityTerm> preferred, string path)
    {
        for (var i = 0; i < required.Count; i++)
        {
            PodTerm(errors, required[i], $"{path}.requiredDuringSchedulingIgnoredDuringExecution[{i}]");
        }

        for (var i = 0; i < preferred.Count; i++)
        {
            var at = $"{path}.preferredDuringSchedulingIgnoredDuringExecution[{i}]";
            Weight(errors, preferred[i].Weight, at + ".weight");
            PodTerm(errors, preferred[i].PodAffinityTerm, at + ".podAffinityTerm");
        }
    }

    private static void PodTerm(FieldErrors errors, PodAffinityTerm term, string path)
    {
        SelectorValidation.Check(errors, term.LabelSelector, path + ".labelSelector");
        SelectorValidation.Check(errors, term.NamespaceSelector, path + ".namespaceSelector");
        if (term.TopologyKey.Length == 0)
        {
            errors.Required(path + ".topologyKey", "can not be empty");
        }

        errors.Invalid(path + ".topologyKey", term.TopologyKey, Names.QualifiedNameErrors(term.TopologyKey));
    }

    private static void Weight(FieldErrors errors, int weight, string path)
    {
        if (weight is < 1 or > 100)
        {
            errors.Invalid(path, weight, "must be in the range 1-100");
        }
    }
}
