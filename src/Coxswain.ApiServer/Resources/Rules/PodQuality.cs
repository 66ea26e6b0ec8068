using System.Text.Json.Nodes;
using Coxswain.Api;
using Coxswain.ApiServer.Documents;

namespace Coxswain.ApiServer.Resources.Rules;

/// <summary>The quality-of-service class of a Pod, from the requests and limits of its containers.</summary>
internal static class PodQuality
{
    public static string Class(JsonObject? spec)
    {
        var containers = (spec?["containers"] as JsonArray ?? []).Concat(spec?["initContainers"] as JsonArray ?? []).OfType<JsonObject>();
        var isGuaranteed = true;
        var isBurstable = false;
        foreach (var container in containers)
        {
            foreach (var name in (ReadOnlySpan<string>)["cpu", "memory"])
            {
                var limit = Amount(container, "limits", name);
                var request = Amount(container, "requests", name);
                isBurstable |= limit is not null || request is not null;
                isGuaranteed &= limit is not null && (request is null || request.Value.CompareTo(limit.Value) == 0);
            }
        }

        return isGuaranteed && isBurstable ? "Guaranteed" : isBurstable ? "Burstable" : "BestEffort";
    }

    /// <summary>Null when not given or zero, which says nothing.</summary>
    private static Quantity? Amount(JsonObject container, string kind, string name) =>
        container.At("resources", kind, name) is { } value && Quantity.TryParse(value.ToString(), out var amount) && amount.CompareTo(default) != 0
            ? amount : null;
}
