using System.Text.Json.Nodes;
using Coxswain.Api.Json;
using Coxswain.Api.Selectors;
using Coxswain.ApiServer.Documents;
using V1LabelSelector = Coxswain.Api.Meta.V1.LabelSelector;

namespace Coxswain.ApiServer.Admission.Matching;

/// <summary>What a webhook's rules and selectors, or a policy's <c>matchConstraints</c>, say of the writes they are about.</summary>
internal sealed record MatchCriteria(IReadOnlyList<ResourceRule> Rules)
{
    /// <summary>Everything.</summary>
    public static readonly MatchCriteria None = new([]) { NeedsRule = false };

    public IReadOnlyList<ResourceRule> Excluded { get; init; } = [];

    public LabelSelector Namespaces { get; init; } = LabelSelector.Everything;

    public LabelSelector Objects { get; init; } = LabelSelector.Everything;

    /// <summary>Rules are meant for other versions of the same resource too, and that is the version which is shown.</summary>
    public bool MatchesEquivalent { get; init; } = true;

    /// <summary>Whether nothing matches without a rule. A binding that names none narrows nothing.</summary>
    public bool NeedsRule { get; init; } = true;

    /// <param name="criteria">With selectors, and rules by the given name.</param>
    public static MatchCriteria Read(JsonObject criteria, string rules) => new(ReadRules(criteria, rules))
    {
        Excluded = ReadRules(criteria, "excludeResourceRules"),
        Namespaces = Selector(criteria.Object("namespaceSelector")),
        Objects = Selector(criteria.Object("objectSelector")),
        MatchesEquivalent = criteria.Text("matchPolicy") != "Exact",
    };

    private static IReadOnlyList<ResourceRule> ReadRules(JsonObject criteria, string name) =>
        [.. (criteria.Array(name) ?? []).OfType<JsonObject>().Select(ResourceRule.Read)];

    /// <summary>No selector and an empty one both mean everything.</summary>
    public static LabelSelector Selector(JsonObject? selector) => selector is null or { Count: 0 }
        ? LabelSelector.Everything : LabelSelector.From(KubeJson.Deserialize<V1LabelSelector>(Document.Utf8(selector)));
}
