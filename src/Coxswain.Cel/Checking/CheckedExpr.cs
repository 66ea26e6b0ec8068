using Coxswain.Cel.Functions;
using Coxswain.Cel.Syntax;
using Coxswain.Cel.Types;

namespace Coxswain.Cel.Checking;

/// <summary>A tree with what the checker found out about its nodes.</summary>
/// <param name="Types">The type of each node.</param>
/// <param name="Names">Which variable or type a name or a chain of fields means.</param>
/// <param name="Calls">Which signatures a call may have, and whether its target is part of the function's name.</param>
internal sealed record CheckedExpr(
    Expr Root, CelType Type, IReadOnlyDictionary<Expr, CelType> Types, IReadOnlyDictionary<Expr, NameReference> Names, IReadOnlyDictionary<CallExpr, CallReference> Calls);

/// <param name="Constant">The type that is named; null for a variable.</param>
internal sealed record NameReference(string Name, CelType? Constant);

/// <param name="Overloads">More than one where only values tell.</param>
/// <param name="HasTarget">Whether the target is the first argument.</param>
internal sealed record CallReference(string Function, IReadOnlyList<Overload> Overloads, bool HasTarget);
