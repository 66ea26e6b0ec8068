using System.Text.Json.Nodes;
using Coxswain.Api.Json;
using Coxswain.Api.Selectors;
using Coxswain.ApiServer.Admission.Matching;
using Coxswain.ApiServer.Documents;

namespace Coxswain.ApiServer.Admission.Policies;

/// <summary>Where a policy counts, with which parameters and what follows from it.</summary>
internal sealed record PolicyBinding(string Name, string PolicyName, MatchCriteria Criteria, ParamReference? Params, IReadOnlyList<string> Actions)
{
    public static PolicyBinding Read(JsonObject binding)
    {
        var spec = binding.Object("spec") ?? [];
        return new PolicyBinding(
            binding.TextAt("metadata", "name"), spec.Text("policyName"),
            spec.Object("matchResources") is { } match ? MatchCriteria.Read(match, "resourceRules") with { NeedsRule = false } : MatchCriteria.None,
            spec.Object("paramRef") is { } reference ? ParamReference.Read(reference) : null,
            [.. spec["validationActions"].Texts()]);
    }
}

/// <param name="Name">Empty when a selector says which.</param>
/// <param name="Namespace">Empty for that of the write.</param>
internal sealed record ParamReference(string Name, string Namespace, LabelSelector? Selector, bool AllowsNone)
{
    public static ParamReference Read(JsonObject reference) => new(
        reference.Text("name"), reference.Text("namespace"),
        reference.Object("selector") is { } selector ? MatchCriteria.Selector(selector) : null, reference.Text("parameterNotFoundAction") == "Allow");
}
