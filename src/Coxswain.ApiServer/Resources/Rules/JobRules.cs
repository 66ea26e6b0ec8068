using System.Text.Json.Nodes;
using Coxswain.Api;
using Coxswain.Api.Batch.V1;
using Coxswain.Api.Json;
using Coxswain.ApiServer.Cells;
using Coxswain.ApiServer.Documents;

namespace Coxswain.ApiServer.Resources.Rules;

/// <summary>
/// Unless its user chooses them, a Job's pods are found by the Job's uid, which the server alone knows when the Job is made.
/// </summary>
internal sealed class JobRules : ResourceRules
{
    private const string UidLabel = "batch.kubernetes.io/controller-uid";
    private const string NameLabel = "batch.kubernetes.io/job-name";

    /// <summary>The same, as they were called before they had a prefix.</summary>
    private const string OldUidLabel = "controller-uid";
    private const string OldNameLabel = "job-name";

    public override bool TracksGeneration => true;

    /// <summary>A delete that says nothing leaves the pods, for the sake of clients older than garbage collection.</summary>
    public override string DefaultDeleteFinalizer => Finalizers.Orphan;

    public override IReadOnlyList<SelectableField> SelectableFields { get; } = [new SelectableField("status.successful", "status.succeeded", "0")];

    public override object? Cell(IKubeObject value, string column, DateTimeOffset now) => WorkloadCells.Cell((Job)value, column, now);

    public override void PrepareForCreate(JsonObject document)
    {
        var spec = document.ObjectOrNew("spec");
        if (spec.Truth("manualSelector") == true)
        {
            return;
        }

        var (uid, name) = (document.Metadata().Text("uid"), document.Metadata().Text("name"));
        var labels = spec.ObjectOrNew("template").ObjectOrNew("metadata").ObjectOrNew("labels");
        foreach (var (label, text) in new[] { (OldUidLabel, uid), (OldNameLabel, name), (UidLabel, uid), (NameLabel, name) })
        {
            if (!labels.ContainsKey(label))
            {
                labels[label] = text;
            }
        }

        var selected = spec.ObjectOrNew("selector").ObjectOrNew("matchLabels");
        if (!selected.ContainsKey(UidLabel))
        {
            selected[UidLabel] = uid;
        }
    }
}
