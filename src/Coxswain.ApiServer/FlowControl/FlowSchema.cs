using System.Text.Json.Nodes;
using Coxswain.Api.Json;
using Coxswain.ApiServer.Documents;

namespace Coxswain.ApiServer.FlowControl;

/// <summary>Which requests belong to a priority level, and which of them are one flow.</summary>
internal sealed record FlowSchema(string Name, string Uid, long Precedence, string Level, string Distinguisher, IReadOnlyList<FlowRule> Rules)
{
    public static FlowSchema Read(JsonObject schema) => new(
        schema.TextAt("metadata", "name"), schema.TextAt("metadata", "uid"), schema.IntegerAt("spec", "matchingPrecedence") ?? 1000,
        schema.TextAt("spec", "priorityLevelConfiguration", "name"), schema.TextAt("spec", "distinguisherMethod", "type"),
        [.. (schema.Object("spec")?.Array("rules") ?? []).OfType<JsonObject>().Select(FlowRule.Read)]);

    public bool Matches(in FlowRequest request)
    {
        foreach (var rule in Rules)
        {
            if (rule.Matches(request))
            {
                return true;
            }
        }

        return false;
    }
}
