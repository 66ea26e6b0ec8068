using System.Text.Json.Nodes;
using Coxswain.Api.Errors;
using Coxswain.Api.Json;

namespace Coxswain.ApiServer.Resources.Rules;

/// <summary>
/// Who says what about a CertificateSigningRequest: that it is approved or denied is written through <c>approval</c> and never
/// taken back, everything else through <c>status</c>.
/// </summary>
internal static class CertificateConditions
{
    private static readonly string[] Verdicts = ["Approved", "Denied"];

    public static IEnumerable<FieldError> CheckApproval(JsonObject document, JsonObject old)
    {
        var (now, before) = (Conditions(document), Conditions(old));
        foreach (var verdict in Verdicts.Where(verdict => Has(before, verdict) && !Has(now, verdict)))
        {
            yield return FieldError.Forbidden("status.conditions", $"updates may not remove a condition of type \"{verdict}\"");
        }

        if (Verdicts.All(verdict => Has(now, verdict)))
        {
            yield return FieldError.Invalid("status.conditions", "Denied", "Approved and Denied conditions are mutually exclusive");
        }
    }

    /// <summary>A write of the status leaves the verdicts as they were.</summary>
    public static void KeepVerdicts(JsonObject document, JsonObject old)
    {
        List<JsonObject> kept = [.. Conditions(old).Where(IsVerdict), .. Conditions(document).Where(condition => !IsVerdict(condition))];
        if (kept.Count > 0 || document.Object("status")?.ContainsKey("conditions") == true)
        {
            document.ObjectOrNew("status")["conditions"] = new JsonArray([.. kept.Select(condition => condition.DeepClone())]);
        }
    }

    private static bool IsVerdict(JsonObject condition) => Verdicts.Contains(condition.Text("type"));

    private static bool Has(List<JsonObject> conditions, string type) => conditions.Exists(condition => condition.Text("type") == type);

    private static List<JsonObject> Conditions(JsonObject document) =>
        [.. (document.Object("status")?.Array("conditions") ?? []).OfType<JsonObject>()];
}
