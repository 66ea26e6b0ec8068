using System.Text.Json.Nodes;
using Coxswain.Api;
using Coxswain.ApiServer.Documents;

namespace Coxswain.ApiServer.Resources.Rules;

/// <summary>The rules of kinds that differ from the rest by single decisions.</summary>
internal class KindRules : ResourceRules
{
    /// <summary>A create may bring a status, as nodes do when they register.</summary>
    public bool KeepsFirstStatus { get; init; }

    /// <summary>An update must name the resourceVersion it replaces.</summary>
    public bool IsConditional { get; init; }

    public bool AnswersWithObject { get; init; }

    /// <summary>An update of what does not exist creates it.</summary>
    public bool CreatesOnUpdate { get; init; }

    /// <summary>The phase a new object's status starts with; empty for no status.</summary>
    public string FirstPhase { get; init; } = "";

    /// <summary>Controllers report observedGeneration of it.</summary>
    public bool HasGeneration { get; init; }

    public bool StatusCarriesLabels { get; init; }

    /// <summary>
    /// A delete that says nothing leaves the Pods, for the sake of clients older than garbage collection.
    /// </summary>
    public bool OrphansByDefault { get; init; }

    /// <summary>Nothing acts on objects of the kind, and who writes one is told so.</summary>
    public bool HasNoEffect { get; init; }

    /// <summary>Objects of the kind are asked and answered, not kept in their namespace.</summary>
    public bool IsReview { get; init; }

    public IReadOnlyList<SelectableField> Selectable { get; init; } = [];

    public override bool TracksGeneration => HasGeneration;

    public override bool NeedsNamespace => !IsReview;

    public override bool ResetsStatus => !KeepsFirstStatus;

    public override bool AllowsUnconditionalUpdate => !IsConditional;

    public override bool AllowsCreateOnUpdate => CreatesOnUpdate;

    public override bool ReturnsDeletedObject => AnswersWithObject;

    public override bool StatusMayChangeLabels => StatusCarriesLabels;

    public override string DefaultDeleteFinalizer => OrphansByDefault ? Finalizers.Orphan : "";

    public override string Warning => HasNoEffect ? "objects of this kind are stored, but nothing in this cluster acts on them" : "";

    public override IReadOnlyList<SelectableField> SelectableFields => Selectable;

    public override void PrepareForCreate(JsonObject document)
    {
        if (FirstPhase.Length > 0)
        {
            document["status"] = new JsonObject { ["phase"] = FirstPhase };
        }
    }
}

/// <summary>The same for a kind whose table has columns of its own.</summary>
/// <param name="cells">The cell of a column; null for none.</param>
internal sealed class KindRules<T>(Func<T, string, DateTimeOffset, object?> cells) : KindRules
    where T : IKubeObject
{
    public KindRules(Func<T, string, object?> cells)
        : this((value, column, _) => cells(value, column))
    {
    }

    /// <summary>The name as tables show it, where that is not the name alone.</summary>
    public Func<T, string>? Name { get; init; }

    public override string NameCell(IKubeObject value) => Name is null ? base.NameCell(value) : Name((T)value);

    public override object? Cell(IKubeObject value, string column, DateTimeOffset now) => cells((T)value, column, now);
}
