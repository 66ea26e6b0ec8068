using System.Text.Json.Nodes;

namespace Coxswain.Api.Apply;

/// <summary>What became of an apply: an object and its owners, or the conflicts that keep it from being one.</summary>
/// <param name="Document">Null when there are conflicts.</param>
/// <param name="Contested">What the conflicts are about.</param>
public sealed record ApplyResult(JsonObject? Document, ManagedFields Managed, IReadOnlyList<FieldConflict> Conflicts, FieldSet Contested)
{
    internal static ApplyResult Of(JsonObject document, ManagedFields managed) => new(document, managed, [], FieldSet.Empty);
}
