namespace Coxswain.Cel.Syntax;

/// <param name="IsOptional">The value is an optional; without one there is no entry.</param>
internal readonly record struct MapEntry(Expr Key, Expr Value, bool IsOptional);
