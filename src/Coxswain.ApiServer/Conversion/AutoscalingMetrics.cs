using System.Text.Json.Nodes;
using Coxswain.Api.Json;

namespace Coxswain.ApiServer.Conversion;

/// <summary>One metric of a HorizontalPodAutoscaler, between the flat form of autoscaling/v1 and the nested one of v2.</summary>
internal static class AutoscalingMetrics
{
    /// <summary>By source: what v1 calls the metric's name and selector; null where the source has none.</summary>
    private static readonly (string Source, string? Name, string? Selector)[] Sources =
    [
        ("resource", null, null), ("containerResource", null, null), ("pods", "metricName", "selector"), ("object", "metricName", "selector"),
        ("external", "metricName", "metricSelector"),
    ];

    /// <summary>By source: what v1 calls the values of a target.</summary>
    private static readonly Dictionary<string, (string V1, string V2)[]> Targets = new(StringComparer.Ordinal)
    {
        ["resource"] = [("targetAverageUtilization", "averageUtilization"), ("targetAverageValue", "averageValue")],
        ["containerResource"] = [("targetAverageUtilization", "averageUtilization"), ("targetAverageValue", "averageValue")],
        ["pods"] = [("targetAverageValue", "averageValue")],
        ["object"] = [("targetValue", "value"), ("averageValue", "averageValue")],
        ["external"] = [("targetValue", "value"), ("targetAverageValue", "averageValue")],
    };

    private static readonly Dictionary<string, (string V1, string V2)[]> Currents = new(StringComparer.Ordinal)
    {
        ["resource"] = [("currentAverageUtilization", "averageUtilization"), ("currentAverageValue", "averageValue")],
        ["containerResource"] = [("currentAverageUtilization", "averageUtilization"), ("currentAverageValue", "averageValue")],
        ["pods"] = [("currentAverageValue", "averageValue")],
        ["object"] = [("currentValue", "value"), ("averageValue", "averageValue")],
        ["external"] = [("currentValue", "value"), ("currentAverageValue", "averageValue")],
    };

    public static JsonObject SpecToV1(JsonObject metric) => ToV1(metric, "target", Targets);

    public static JsonObject SpecToV2(JsonObject metric)
    {
        metric = ToV2(metric, "target", Targets);
        foreach (var (source, _, _) in Sources)
        {
            if (metric.Object(source)?.Object("target") is { } target)
            {
                target["type"] = target.ContainsKey("averageUtilization") ? "Utilization" : target.ContainsKey("averageValue") ? "AverageValue" : "Value";
            }
        }

        return metric;
    }

    public static JsonObject StatusToV1(JsonObject metric) => ToV1(metric, "current", Currents);

    public static JsonObject StatusToV2(JsonObject metric) => ToV2(metric, "current", Currents);

    private static JsonObject ToV1(JsonObject metric, string values, Dictionary<string, (string V1, string V2)[]> fields)
    {
        foreach (var (source, name, selector) in Sources)
        {
            if (metric.Object(source) is not { } inner)
            {
                continue;
            }

            var nested = inner.Object(values) ?? [];
            inner.Remove(values);
            if (name is not null && selector is not null && inner.Object("metric") is { } identity)
            {
                inner.Remove("metric");
                identity.MoveTo("name", inner, name);
                identity.MoveTo("selector", inner, selector);
            }

            inner.Move("describedObject", "target");
            foreach (var (v1, v2) in fields[source])
            {
                nested.MoveTo(v2, inner, v1);
            }
        }

        return metric;
    }

    private static JsonObject ToV2(JsonObject metric, string values, Dictionary<string, (string V1, string V2)[]> fields)
    {
        foreach (var (source, name, selector) in Sources)
        {
            if (metric.Object(source) is not { } inner)
            {
                continue;
            }

            inner.Move("target", "describedObject");
            if (name is not null && selector is not null)
            {
                var identity = new JsonObject();
                inner.MoveTo(name, identity, "name");
                inner.MoveTo(selector, identity, "selector");
                inner["metric"] = identity;
            }

            var nested = new JsonObject();
            foreach (var (v1, v2) in fields[source])
            {
                inner.MoveTo(v1, nested, v2);
            }

            inner[values] = nested;
        }

        return metric;
    }
}
