namespace Coxswain.Cel.Syntax;

/// <param name="IsOptional">The value is an optional; without one the field is not set.</param>
internal readonly record struct StructField(string Name, Expr Value, bool IsOptional);
