using System.Text.Json;
using System.Text.Json.Nodes;
using Coxswain.Api.Json;
using Coxswain.ApiServer.Documents;
using Coxswain.ApiServer.Resources;

namespace Coxswain.ApiServer.Conversion;

/// <summary>autoscaling/v2beta1 writes the targets of metrics flat, as v1 does in its annotations; behavior, which came later, travels in one.</summary>
internal sealed class AutoscalingBetaConverter : IVersionConverter
{
    private const string BehaviorAnnotation = "autoscaling.alpha.kubernetes.io/behavior";

    public JsonObject ToStored(JsonObject document)
    {
        Convert(document.Object("spec"), "metrics", AutoscalingMetrics.SpecToV2);
        Convert(document.Object("status"), "currentMetrics", AutoscalingMetrics.StatusToV2);
        if (document.Metadata().Object("annotations") is { } annotations && annotations.Text(BehaviorAnnotation) is { Length: > 0 } text)
        {
            annotations.Remove(BehaviorAnnotation);
            try
            {
                document.ObjectOrNew("spec")["behavior"] = JsonNode.Parse(text, nodeOptions: null, Document.ParseOptions) as JsonObject;
            }
            catch (JsonException)
            {
                // What somebody else wrote there says nothing.
            }
        }

        return document;
    }

    public JsonObject FromStored(JsonObject document)
    {
        Convert(document.Object("spec"), "metrics", AutoscalingMetrics.SpecToV1);
        Convert(document.Object("status"), "currentMetrics", AutoscalingMetrics.StatusToV1);
        if (document.Object("spec")?.Object("behavior") is { } behavior)
        {
            document.Object("spec")!.Remove("behavior"); // it has one
            document.Metadata().ObjectOrNew("annotations")[BehaviorAnnotation] = behavior.ToJsonString();
        }

        return document;
    }

    private static void Convert(JsonObject? owner, string name, Func<JsonObject, JsonObject> convert)
    {
        if (owner?.Array(name) is { } metrics)
        {
            owner[name] = new JsonArray([.. metrics.OfType<JsonObject>().Select(metric => convert((JsonObject)metric.DeepClone()))]);
        }
    }
}
