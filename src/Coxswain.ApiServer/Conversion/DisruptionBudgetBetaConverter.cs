using System.Text.Json.Nodes;
using Coxswain.Api.Json;
using Coxswain.ApiServer.Resources;

namespace Coxswain.ApiServer.Conversion;

/// <summary>policy/v1beta1, where an empty selector selected no Pod; today it selects every one.</summary>
internal sealed class DisruptionBudgetBetaConverter : IVersionConverter
{
    /// <summary>A label that no Pod has: asking for it selects none, asking for its absence all.</summary>
    private const string Nobody = "pdb.kubernetes.io/deprecated-v1beta1-empty-selector-match";

    public JsonObject ToStored(JsonObject document) => Exchange(document, "DoesNotExist", "Exists");

    public JsonObject FromStored(JsonObject document) => Exchange(document, "Exists", "DoesNotExist");

    /// <param name="empty">What in the version come from says what an empty selector says in the other.</param>
    /// <param name="written">What an empty selector of the version come from is written as.</param>
    private static JsonObject Exchange(JsonObject document, string empty, string written)
    {
        var spec = document.ObjectOrNew("spec");
        if (spec.Object("selector") is not { } selector)
        {
            return document;
        }

        var requirements = selector.Array("matchExpressions") ?? [];
        if (requirements.Count == 0 && selector.Object("matchLabels") is null or { Count: 0 })
        {
            spec["selector"] = new JsonObject { ["matchExpressions"] = new JsonArray(new JsonObject { ["key"] = Nobody, ["operator"] = written }) };
        }
        else if (requirements.Count == 1 && requirements[0] is JsonObject only && only.Text("key") == Nobody && only.Text("operator") == empty)
        {
            spec["selector"] = new JsonObject();
        }

        return document;
    }
}
