using System.Text.Json.Nodes;
using Coxswain.Api.Errors;
using Coxswain.Api.Json;
using LabelSelectorType = Coxswain.Api.Meta.V1.LabelSelector;

namespace Coxswain.Api.Selectors;

/// <summary>A query over labels. Empty matches everything; <see cref="Nothing"/> matches nothing.</summary>
public sealed class LabelSelector : IEquatable<LabelSelector>
{
    public static readonly LabelSelector Everything = new([], false);

    public static readonly LabelSelector Nothing = new([], true);

    private readonly bool _nothing;

    private LabelSelector(IReadOnlyList<LabelRequirement> requirements, bool nothing)
    {
        Requirements = requirements;
        _nothing = nothing;
    }

    /// <summary>In the order of their keys.</summary>
    public IReadOnlyList<LabelRequirement> Requirements { get; }

    public bool IsEmpty => !_nothing && Requirements.Count == 0;

    public bool MatchesNothing => _nothing;

    /// <summary>Parses the query parameter: <c>a=b,c!=d,e in (x,y),!f</c>.</summary>
    /// <exception cref="KubeStatusException">BadRequest with Kubernetes' message.</exception>
    public static LabelSelector Parse(string? text) =>
        TryParse(text, out var selector, out var error) ? selector : throw new KubeStatusException(Statuses.BadRequest(error));

    public static bool TryParse(string? text, out LabelSelector selector, out string error)
    {
        selector = Everything;
        if (!new LabelSelectorParser(text ?? "").TryParse(out var requirements, out error))
        {
            return false;
        }

        selector = From(requirements);
        return true;
    }

    public static LabelSelector From(IEnumerable<LabelRequirement> requirements)
    {
        IReadOnlyList<LabelRequirement> sorted = [.. requirements.OrderBy(requirement => requirement.Key, StringComparer.Ordinal)];
        return sorted.Count == 0 ? Everything : new(sorted, false);
    }

    /// <summary>Labels that must all be there, as a Service's or a ReplicationController's selector.</summary>
    public static LabelSelector From(IReadOnlyDictionary<string, string> labels) =>
        From(labels.Select(label => new LabelRequirement(label.Key, SelectorOperator.Equals, [label.Value])));

    /// <summary>The selector of a field. As in Kubernetes, absent matches nothing and empty matches everything.</summary>
    /// <exception cref="FormatException">An expression is not valid; a validated object has none such.</exception>
    public static LabelSelector From(LabelSelectorType? selector)
    {
        if (selector is null)
        {
            return Nothing;
        }

        var requirements = selector.MatchLabels.Select(label => new LabelRequirement(label.Key, SelectorOperator.Equals, [label.Value])).ToList();
        foreach (var expression in selector.MatchExpressions)
        {
            var kind = expression.Operator switch
            {
                "In" => SelectorOperator.In,
                "NotIn" => SelectorOperator.NotIn,
                "Exists" => SelectorOperator.Exists,
                "DoesNotExist" => SelectorOperator.DoesNotExist,
                _ => throw new FormatException($"\"{expression.Operator}\" is not a valid label selector operator"),
            };
            requirements.Add(new LabelRequirement(expression.Key, kind,
                [.. expression.Values.Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal)]));
        }

        return From(requirements);
    }

    public bool Matches(IReadOnlyDictionary<string, string> labels)
    {
        if (_nothing)
        {
            return false;
        }

        for (var i = 0; i < Requirements.Count; i++)
        {
            if (!Requirements[i].Matches(labels.GetValueOrDefault(Requirements[i].Key)))
            {
                return false;
            }
        }

        return true;
    }

    /// <summary>Matches the labels of a document.</summary>
    public bool Matches(JsonObject document)
    {
        if (_nothing)
        {
            return false;
        }

        var labels = document.Object("metadata")?.Object("labels");
        for (var i = 0; i < Requirements.Count; i++)
        {
            var requirement = Requirements[i];
            var value = labels is not null && labels.TryGetPropertyValue(requirement.Key, out var node) && node.TryText(out var text) ? text : null;
            if (!requirement.Matches(value))
            {
                return false;
            }
        }

        return true;
    }

    public bool Equals(LabelSelector? other) =>
        other is not null && _nothing == other._nothing && Requirements.SequenceEqual(other.Requirements);

    public override bool Equals(object? obj) => Equals(obj as LabelSelector);

    public override int GetHashCode() => HashCode.Combine(_nothing, Requirements.Count, Requirements.Count > 0 ? Requirements[0] : null);

    /// <summary>The form <see cref="Parse"/> reads.</summary>
    public override string ToString() => _nothing ? "<nothing>" : string.Join(',', Requirements);
}
