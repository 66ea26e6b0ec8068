using System.Text.Json.Nodes;

namespace Coxswain.ApiServer.Resources.Rules;

/// <summary>Kinds whose strategy is one decision.</summary>
internal sealed class KindStrategy : ResourceStrategy
{
    /// <summary>A create may bring a status, as nodes do when they register.</summary>
    public bool KeepsFirstStatus { get; init; }

    public bool IsConditional { get; init; }

    public bool AnswersWithObject { get; init; }

    /// <summary>The phase a new object's status starts with; empty for no status.</summary>
    public string FirstPhase { get; init; } = "";

    public bool HasGeneration { get; init; }

    public bool StatusCarriesLabels { get; init; }

    public override bool TracksGeneration => HasGeneration;

    public override bool ResetsStatus => !KeepsFirstStatus;

    public override bool AllowsUnconditionalUpdate => !IsConditional;

    public override bool ReturnsDeletedObject => AnswersWithObject;

    public override bool StatusMayChangeLabels => StatusCarriesLabels;

    public override void PrepareForCreate(JsonObject document)
    {
        if (FirstPhase.Length > 0)
        {
            document["status"] = new JsonObject { ["phase"] = FirstPhase };
        }
    }
}
