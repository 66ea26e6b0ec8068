using System.Text.Json.Nodes;
using Coxswain.Api;
using Coxswain.Api.Errors;
using Coxswain.Api.Json;
using Coxswain.Api.Kinds;
using Coxswain.Api.Resources;
using Coxswain.Api.Scalars;
using Coxswain.ApiServer.Cells;
using Coxswain.ApiServer.Resources;
using Coxswain.ApiServer.ValidationRules;

namespace Coxswain.ApiServer.CustomResources;

/// <summary>What is particular to a custom resource: what its definition says of columns, fields and status.</summary>
/// <param name="tree">Its validation rules; null when there are none.</param>
/// <param name="hasStatus">Whether its status is a subresource, which the object's own writers do not change.</param>
internal sealed class CustomResourceRules(
    IReadOnlyList<PrinterColumn> columns, IReadOnlyList<SelectableField> selectable, RuleTree? tree, bool hasStatus) : ResourceRules
{
    public override bool TracksGeneration => true;

    public override bool GenerationCountsStatus => !hasStatus;

    public override bool AllowsUnconditionalUpdate => false;

    public override IReadOnlyList<SelectableField> SelectableFields => selectable;

    public override IEnumerable<FieldError> Validate(JsonObject document, JsonObject? old, ApiResource asked) =>
        tree is null ? [] : RuleRun.Check(tree, document, old);

    public override object?[] Cells(IKubeObject value, DateTimeOffset now)
    {
        var document = JsonObject.Create(((KubeObject)value).Content)!; // an object is one
        return [value.Metadata.Name, .. columns.Select(column => Cell(column, document, now))];
    }

    private static object? Cell(PrinterColumn column, JsonObject document, DateTimeOffset now)
    {
        var found = column.Path?.Find(document).FirstOrDefault();
        return column.Type switch
        {
            _ when found is null => null,
            "integer" => found.TryNumber(out var number) ? (long)number : null,
            "number" => found.TryInteger(out var integer) ? integer : found.TryNumber(out var number) ? number : null,
            "boolean" => found.GetValueKind() switch
            {
                System.Text.Json.JsonValueKind.True => true,
                System.Text.Json.JsonValueKind.False => false,
                _ => null,
            },
            "date" => !found.TryText(out var text) ? null : KubeTime.TryParse(text, out var time) ? Ages.Since(time, now) : "<invalid>",
            _ => found.TryText(out var text) ? text : found.ToJsonString(),
        };
    }
}

/// <param name="Path">Null when the definition's path cannot be read; the cell is empty then.</param>
internal sealed record PrinterColumn(string Type, JsonPath? Path);
