using System.Text.Json.Nodes;
using Coxswain.Api;
using Coxswain.Api.Core.V1;
using Coxswain.Api.Json;
using Coxswain.Api.Pods;
using Coxswain.Api.Validation;
using Coxswain.ApiServer.Cells;
using Coxswain.ApiServer.Documents;

namespace Coxswain.ApiServer.Resources.Rules;

/// <summary>Pods start Pending, hardly change, and end gracefully: the node removes a Pod when its containers are gone.</summary>
internal sealed class PodRules : ResourceRules
{
    private static readonly SubresourceScope EphemeralContainers = new(
        ["spec.ephemeralContainers"], (document, old) => PodSubresourceValidation.EphemeralContainers(Read(document), Read(old)));

    private static readonly SubresourceScope Resize = new(
        [
            "spec.containers.[].resources", "spec.containers.[].resizePolicy", "spec.initContainers.[].resources",
            "spec.initContainers.[].resizePolicy",
        ],
        (document, old) => PodSubresourceValidation.Resize(Read(document), Read(old)));

    public override bool TracksGeneration => true;

    public override bool ReturnsDeletedObject => true;

    public override IReadOnlyList<SelectableField> SelectableFields { get; } =
    [
        SelectableField.At("spec.nodeName"), SelectableField.At("spec.restartPolicy"), SelectableField.At("spec.schedulerName"),
        SelectableField.At("spec.serviceAccountName"), SelectableField.At("spec.hostNetwork", "false"), SelectableField.At("status.phase"),
        SelectableField.At("status.podIP"), SelectableField.At("status.nominatedNodeName"),
    ];

    public override SubresourceScope? ScopeOf(string subresource) => subresource switch
    {
        "ephemeralcontainers" => EphemeralContainers,
        "resize" => Resize,
        _ => null,
    };

    /// <summary>A binding is the scheduler's word on a Pod, not a claim on its fields.</summary>
    public override bool TracksOwnersOf(string subresource) => subresource != "binding";

    public override object? Cell(IKubeObject value, string column, DateTimeOffset now) => PodCells.Cell((Pod)value, column, now);

    public override void PrepareForCreate(JsonObject document)
    {
        var status = new JsonObject
        {
            ["phase"] = "Pending",
            ["qosClass"] = PodQuality.Of(document["spec"] as JsonObject),
        };
        if (document.At("spec", "schedulingGates") is JsonArray { Count: > 0 })
        {
            status["conditions"] = new JsonArray(new JsonObject
            {
                ["type"] = "PodScheduled", ["status"] = "False", ["reason"] = "SchedulingGated",
                ["message"] = "Scheduling is blocked due to non-empty scheduling gates",
            });
        }

        document["status"] = status;
    }

    public override void PrepareForStatusUpdate(JsonObject document, JsonObject old)
    {
        // The class follows from the spec, and nodes need not repeat it.
        var status = document.ObjectOrNew("status");
        if (old.TextAt("status", "qosClass") is { Length: > 0 } quality)
        {
            status["qosClass"] = quality;
        }
    }

    public override long? GracePeriodSeconds(JsonObject document, long? requested)
    {
        // A Pod that no node has, or whose containers have ended, has nobody to wait for.
        if (document.TextAt("spec", "nodeName").Length == 0 || document.TextAt("status", "phase") is "Succeeded" or "Failed")
        {
            return 0;
        }

        var period = requested ?? document.IntegerAt("spec", "terminationGracePeriodSeconds") ?? 30;
        return period < 0 ? 1 : period;
    }

    private static Pod Read(JsonObject document) => KubeJson.Deserialize<Pod>(document);
}
