using Coxswain.Api;
using Coxswain.Api.Core.V1;

namespace Coxswain.Testing.Client;

/// <summary>The selectors that controllers use in lists and watches: equality only.</summary>
internal static class FakeSelectors
{
    public static bool Matches(IKubeObject obj, string labelSelector, string fieldSelector) =>
        Terms(labelSelector).All(term => term.Holds(obj.Metadata.Labels.GetValueOrDefault(term.Key)))
        && Terms(fieldSelector).All(term => term.Holds(Field(obj, term.Key)));

    private static string? Field(IKubeObject obj, string path) => path switch
    {
        "metadata.name" => obj.Metadata.Name,
        "metadata.namespace" => obj.Metadata.Namespace,
        "spec.nodeName" when obj is Pod pod => pod.Spec.NodeName,
        "status.phase" when obj is Pod pod => pod.Status.Phase,
        _ => throw new NotSupportedException($"field selector {path} of {obj.Kind}"),
    };

    private static IEnumerable<Term> Terms(string selector) =>
        selector.Split(',', StringSplitOptions.RemoveEmptyEntries).Select(Parse);

    private static Term Parse(string text)
    {
        var negated = text.Contains("!=", StringComparison.Ordinal);
        var parts = text.Split(negated ? "!=" : "=", 2);
        return new Term(parts[0].Trim(), parts.Length == 2 ? parts[1].TrimStart('=').Trim() : null, negated);
    }

    private sealed record Term(string Key, string? Value, bool Negated)
    {
        public bool Holds(string? actual) => Value is null ? actual is not null : actual == Value != Negated;
    }
}
