using System.Globalization;
using System.Text.Json.Nodes;
using Coxswain.Api;
using Coxswain.Api.Apps.V1;
using Coxswain.Api.Json;
using Coxswain.ApiServer.Cells;
using Coxswain.ApiServer.Documents;

namespace Coxswain.ApiServer.Resources.Rules;

/// <summary>A DaemonSet counts the changes of its template, which its pods carry as a label. Nobody else sets the count.</summary>
internal sealed class DaemonSetRules : ResourceRules
{
    /// <summary>Where the field of the versions of 2016 is kept.</summary>
    private const string Count = "deprecated.daemonset.template.generation";

    public override bool TracksGeneration => true;

    public override object? Cell(IKubeObject value, string column, DateTimeOffset now) => WorkloadCells.Cell((DaemonSet)value, column);

    public override void PrepareForCreate(JsonObject document) => SetCount(document, 1);

    public override void PrepareForUpdate(JsonObject document, JsonObject old)
    {
        var text = old.Metadata().Object("annotations")?.Text(Count);
        var count = long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var known) ? known : 1;
        SetCount(document, JsonNode.DeepEquals(document.Object("spec")?.Object("template"), old.Object("spec")?.Object("template")) ? count : count + 1);
    }

    private static void SetCount(JsonObject document, long count) =>
        document.Metadata().ObjectOrNew("annotations")[Count] = count.ToString(CultureInfo.InvariantCulture);
}
