using Coxswain.Api.Errors;
using Coxswain.Api.Scalars;
using Coxswain.Api.Selectors;
using LabelSelectorType = Coxswain.Api.Meta.V1.LabelSelector;

namespace Coxswain.Api.Validation;

/// <summary>The rules for a label selector inside an object.</summary>
internal static class SelectorValidation
{
    public static void Check(FieldErrors errors, LabelSelectorType? selector, string path)
    {
        if (selector is null)
        {
            return;
        }

        MetadataValidation.Labels(errors, path + ".matchLabels", selector.MatchLabels);
        for (var i = 0; i < selector.MatchExpressions.Count; i++)
        {
            var expression = selector.MatchExpressions[i];
            var at = $"{path}.matchExpressions[{i}]";
            switch (expression.Operator)
            {
                case "In" or "NotIn":
                    if (expression.Values.Count == 0)
                    {
                        errors.Required(at + ".values", "must be specified when `operator` is 'In' or 'NotIn'");
                    }

                    break;
                case "Exists" or "DoesNotExist":
                    if (expression.Values.Count > 0)
                    {
                        errors.Forbidden(at + ".values", "may not be specified when `operator` is 'Exists' or 'DoesNotExist'");
                    }

                    break;
                default:
                    errors.Invalid(at + ".operator", expression.Operator, "not a valid selector operator");
                    break;
            }

            errors.Invalid(at + ".key", expression.Key, Names.QualifiedNameErrors(expression.Key));
            for (var j = 0; j < expression.Values.Count; j++)
            {
                errors.Invalid($"{at}.values[{j}]", expression.Values[j], Names.LabelValueErrors(expression.Values[j]));
            }
        }
    }

    /// <summary>Checks a selector that owns pods: it must be there, name something, and match its own template.</summary>
    /// <param name="kind">As Kubernetes calls it in the message: <c>deployment</c>.</param>
    public static void Owning(FieldErrors errors, LabelSelectorType? selector, IReadOnlyDictionary<string, string> labels, string kind)
    {
        if (selector is null)
        {
            errors.Required("spec.selector");
            errors.Invalid("spec.template.metadata.labels", Text(labels), "`selector` does not match template `labels`");
            return;
        }

        var before = errors.Count;
        Check(errors, selector, "spec.selector");
        if (selector.MatchLabels.Count + selector.MatchExpressions.Count == 0)
        {
            errors.Invalid("spec.selector", selector, $"empty selector is invalid for {kind}");
        }

        if (errors.Count == before && !LabelSelector.From(selector).Matches(labels))
        {
            errors.Invalid("spec.template.metadata.labels", Text(labels), "`selector` does not match template `labels`");
        }
    }

    public static LabelsText Text(IReadOnlyDictionary<string, string> labels) => new(labels);
}

/// <summary>Labels as a bad value is shown: as JSON, keys in order.</summary>
internal sealed class LabelsText(IReadOnlyDictionary<string, string> labels)
{
    public override string ToString() =>
        "{" + string.Join(",", labels.OrderBy(label => label.Key, StringComparer.Ordinal)
            .Select(label => $"{FieldError.Quote(label.Key)}:{FieldError.Quote(label.Value)}")) + "}";
}
