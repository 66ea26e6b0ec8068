namespace Coxswain.Cel.Types;

/// <summary>A type whose values an expression may make: <c>Object{spec: ...}</c>.</summary>
/// <param name="Type">What such a value is to the checker.</param>
/// <param name="FieldOf">The type of a field that may be set; null when there is none of that name.</param>
public sealed record CelStructType(CelType Type, Func<string, CelType?> FieldOf);
