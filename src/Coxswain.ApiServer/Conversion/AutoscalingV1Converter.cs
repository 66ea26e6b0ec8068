using System.Text.Json;
using System.Text.Json.Nodes;
using Coxswain.Api.Json;
using Coxswain.ApiServer.Documents;
using Coxswain.ApiServer.Resources;

namespace Coxswain.ApiServer.Conversion;

/// <summary>
/// autoscaling/v1 knows one metric, the use of CPU; the others, behavior and conditions travel in annotations, as in
/// https://github.com/kubernetes/kubernetes/blob/v1.36.0/pkg/apis/autoscaling/v1/conversion.go.
/// </summary>
internal sealed class AutoscalingV1Converter : IVersionConverter
{
    private const string Prefix = "autoscaling.alpha.kubernetes.io/";
    private const string MetricsAnnotation = Prefix + "metrics";
    private const string CurrentMetricsAnnotation = Prefix + "current-metrics";
    private const string ConditionsAnnotation = Prefix + "conditions";
    private const string BehaviorAnnotation = Prefix + "behavior";

    public JsonObject FromStored(JsonObject document)
    {
        var annotations = document.Metadata().Object("annotations") ?? [];
        if (document.Object("spec") is { } spec)
        {
            var others = new JsonArray();
            foreach (var metric in (spec.Array("metrics") ?? []).OfType<JsonObject>())
            {
                if (CpuUse(metric) is { } use)
                {
                    spec["targetCPUUtilizationPercentage"] = use;
                }
                else
                {
                    others.Add(AutoscalingMetrics.SpecToV1((JsonObject)metric.DeepClone()));
                }
            }

            spec.Remove("metrics");
            Annotate(annotations, MetricsAnnotation, others.Count > 0 ? others : null);
            Annotate(annotations, BehaviorAnnotation, spec["behavior"]);
            spec.Remove("behavior");
        }

        if (document.Object("status") is { } status)
        {
            var current = (status.Array("currentMetrics") ?? []).OfType<JsonObject>().ToList();
            if (current.Find(IsCpu)?.At("resource", "current", "averageUtilization").TryInteger(out var percent) == true)
            {
                status["currentCPUUtilizationPercentage"] = percent;
            }

            // The use of CPU is there too: the annotation has its absolute value as well.
            Annotate(annotations, CurrentMetricsAnnotation,
                current.Count == 0 ? null : new JsonArray([.. current.Select(metric => AutoscalingMetrics.StatusToV1((JsonObject)metric.DeepClone()))]));
            Annotate(annotations, ConditionsAnnotation, status["conditions"] is JsonArray { Count: > 0 } conditions ? conditions : null);
            status.Remove("currentMetrics");
            status.Remove("conditions");
            status["currentReplicas"] ??= 0;
            status["desiredReplicas"] ??= 0;
        }

        if (annotations.Count > 0 && annotations.Parent is null)
        {
            document.Metadata()["annotations"] = annotations;
        }

        return document;
    }

    public JsonObject ToStored(JsonObject document)
    {
        var metadata = document.Metadata();
        var annotations = metadata.Object("annotations") ?? [];
        if (document.Object("spec") is { } spec)
        {
            var metrics = new JsonArray();
            if (Parse(annotations, MetricsAnnotation) is JsonArray others)
            {
                foreach (var other in others.OfType<JsonObject>())
                {
                    metrics.Add(AutoscalingMetrics.SpecToV2((JsonObject)other.DeepClone()));
                }
            }

            if (spec.Integer("targetCPUUtilizationPercentage") is { } use)
            {
                metrics.Add(new JsonObject
                {
                    ["type"] = "Resource",
                    ["resource"] = new JsonObject
                    {
                        ["name"] = "cpu",
                        ["target"] = new JsonObject { ["type"] = "Utilization", ["averageUtilization"] = use },
                    },
                });
            }

            spec.Remove("targetCPUUtilizationPercentage");
            if (metrics.Count > 0)
            {
                spec["metrics"] = metrics;
            }

            if (Parse(annotations, BehaviorAnnotation) is JsonObject behavior)
            {
                spec["behavior"] = behavior;
            }
        }

        if (document.Object("status") is { } status)
        {
            if (Parse(annotations, CurrentMetricsAnnotation) is JsonArray current)
            {
                status["currentMetrics"] = new JsonArray(
                    [.. current.OfType<JsonObject>().Select(metric => AutoscalingMetrics.StatusToV2((JsonObject)metric.DeepClone()))]);
            }
            else if (status.Integer("currentCPUUtilizationPercentage") is { } percent)
            {
                status["currentMetrics"] = new JsonArray(new JsonObject
                {
                    ["type"] = "Resource",
                    ["resource"] = new JsonObject { ["name"] = "cpu", ["current"] = new JsonObject { ["averageUtilization"] = percent } },
                });
            }

            status.Remove("currentCPUUtilizationPercentage");
            if (Parse(annotations, ConditionsAnnotation) is JsonArray conditions)
            {
                status["conditions"] = conditions;
            }
        }

        if (annotations.Count == 0)
        {
            metadata.Remove("annotations");
        }

        return document;
    }

    private static bool IsCpu(JsonObject metric) => metric.Text("type") == "Resource" && metric.TextAt("resource", "name") == "cpu";

    private static long? CpuUse(JsonObject metric) => IsCpu(metric) ? metric.IntegerAt("resource", "target", "averageUtilization") : null;

    private static void Annotate(JsonObject annotations, string name, JsonNode? value)
    {
        if (value is not null)
        {
            annotations[name] = System.Text.Encoding.UTF8.GetString(Document.Utf8(value));
        }
    }

    /// <summary>What an annotation carries, which is then no annotation any more; what cannot be read stays one.</summary>
    private static JsonNode? Parse(JsonObject annotations, string name)
    {
        if (annotations.Text(name) is not { Length: > 0 } text)
        {
            return null;
        }

        try
        {
            var parsed = JsonNode.Parse(text, nodeOptions: null, Document.ParseOptions with { AllowDuplicateProperties = false });
            annotations.Remove(name);
            return parsed;
        }
        catch (JsonException)
        {
            return null;
        }
    }
}
