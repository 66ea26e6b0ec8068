using System.Text.Json.Nodes;
using Coxswain.Api;
using Coxswain.Api.Core.V1;
using Coxswain.Api.Json;
using Coxswain.ApiServer.Cells;
using Coxswain.ApiServer.Documents;

namespace Coxswain.ApiServer.Resources.Rules;

/// <summary>
/// A Namespace holds its own finalizer in its spec: deleting it marks it Terminating, and it goes when the namespace
/// controller has emptied it and finalized it.
/// </summary>
internal sealed class NamespaceRules : ResourceRules
{
    private const string KubernetesFinalizer = "kubernetes";

    public override bool StatusMayChangeLabels => true;

    public override IReadOnlyList<SelectableField> SelectableFields { get; } = [SelectableField.At("status.phase")];

    public override object? Cell(IKubeObject value, string column, DateTimeOffset now) => CoreCells.Cell((Namespace)value, column);

    public override void PrepareForCreate(JsonObject document)
    {
        document["status"] = new JsonObject { ["phase"] = "Active" };
        var finalizers = document.ObjectOrNew("spec").Items("finalizers");
        if (!finalizers.Texts().Contains(KubernetesFinalizer))
        {
            finalizers.Add(KubernetesFinalizer);
        }

        LabelWithName(document);
    }

    public override void PrepareForUpdate(JsonObject document, JsonObject old)
    {
        document.Take("spec", old);
        LabelWithName(document);
    }

    public override void DeletionBegan(JsonObject document) => document.ObjectOrNew("status")["phase"] = "Terminating";

    public override bool HoldsDeletion(JsonObject document) => document.At("spec", "finalizers").Texts().Any();

    private static void LabelWithName(JsonObject document)
    {
        var metadata = document.Metadata();
        metadata.ObjectOrNew("labels")["kubernetes.io/metadata.name"] = metadata.Text("name");
    }
}
