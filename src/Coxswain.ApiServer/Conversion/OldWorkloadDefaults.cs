using System.Text.Json.Nodes;

namespace Coxswain.ApiServer.Conversion;

/// <summary>What the specs of old workloads mean where they are silent, by version and kind.</summary>
internal static class OldWorkloadDefaults
{
    public static JsonObject Nothing() => [];

    /// <summary>extensions/v1beta1: one Pod at a time, all revisions kept, never given up.</summary>
    public static JsonObject FirstDeployment() => new()
    {
        ["strategy"] = RollingUpdate(1, 1),
        ["progressDeadlineSeconds"] = int.MaxValue,
        ["revisionHistoryLimit"] = int.MaxValue,
    };

    /// <summary>apps/v1beta1.</summary>
    public static JsonObject SecondDeployment() => new()
    {
        ["strategy"] = RollingUpdate("25%", "25%"),
        ["progressDeadlineSeconds"] = 600,
        ["revisionHistoryLimit"] = 2,
    };

    public static JsonObject OnDelete() => new() { ["updateStrategy"] = new JsonObject { ["type"] = "OnDelete" }, ["revisionHistoryLimit"] = 10 };

    private static JsonObject RollingUpdate(JsonNode unavailable, JsonNode surge) => new()
    {
        ["type"] = "RollingUpdate",
        ["rollingUpdate"] = new JsonObject { ["maxUnavailable"] = unavailable, ["maxSurge"] = surge },
    };
}
