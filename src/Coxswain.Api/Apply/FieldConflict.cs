namespace Coxswain.Api.Apply;

/// <summary>A field that an applier would change and another manager owns.</summary>
public sealed record FieldConflict(FieldManager Manager, string Path);
