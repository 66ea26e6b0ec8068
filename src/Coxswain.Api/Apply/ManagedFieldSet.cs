namespace Coxswain.Api.Apply;

/// <summary>What one manager owns of an object: an entry of <c>metadata.managedFields</c>.</summary>
/// <param name="Time">When it last changed some of it, as the API writes times; empty when that is not known.</param>
public sealed record ManagedFieldSet(FieldManager Manager, string Time, FieldSet Fields);
