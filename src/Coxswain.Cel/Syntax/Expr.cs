namespace Coxswain.Cel.Syntax;

/// <summary>A node of a parsed expression. Nodes are told apart by reference, so that what is found out about one can be kept beside the tree.</summary>
/// <param name="position">Where it stands in the source, in characters.</param>
internal abstract class Expr(int position)
{
    public int Position { get; } = position;
}

/// <param name="value">A value as the evaluator knows values; a text for bytes is already decoded.</param>
internal sealed class ConstantExpr(int position, object value) : Expr(position)
{
    public object Value { get; } = value;
}

internal sealed class IdentExpr(int position, string name) : Expr(position)
{
    public string Name { get; } = name;
}

/// <param name="isTest">Asks whether the field is there (<c>has</c>).</param>
/// <param name="isOptional">Gives an optional (<c>.?</c>).</param>
internal sealed class SelectExpr(int position, Expr operand, string field, bool isTest = false, bool isOptional = false) : Expr(position)
{
    public Expr Operand { get; } = operand;

    public string Field { get; } = field;

    public bool IsTest { get; } = isTest;

    public bool IsOptional { get; } = isOptional;
}

/// <param name="target">What a method is called on; null for a function.</param>
internal sealed class CallExpr(int position, string function, Expr? target, IReadOnlyList<Expr> arguments) : Expr(position)
{
    public string Function { get; } = function;

    public Expr? Target { get; } = target;

    public IReadOnlyList<Expr> Arguments { get; } = arguments;
}

/// <param name="optional">The indexes of items that are optionals and may be left out.</param>
internal sealed class ListExpr(int position, IReadOnlyList<Expr> items, IReadOnlySet<int> optional) : Expr(position)
{
    public IReadOnlyList<Expr> Items { get; } = items;

    public IReadOnlySet<int> Optional { get; } = optional;
}

internal sealed class MapExpr(int position, IReadOnlyList<MapEntry> entries) : Expr(position)
{
    public IReadOnlyList<MapEntry> Entries { get; } = entries;
}

/// <param name="IsOptional">The value is an optional; without one there is no entry.</param>
internal readonly record struct MapEntry(Expr Key, Expr Value, bool IsOptional);

/// <summary>A message with fields; there are no types for it, so the checker refuses it by name.</summary>
internal sealed class StructExpr(int position, string typeName) : Expr(position)
{
    public string TypeName { get; } = typeName;
}

/// <summary>
/// A fold over a list or map, which all macros with a variable become: the accumulator begins as <see cref="Init"/>, and while
/// <see cref="Condition"/> holds each element makes it <see cref="Step"/>; <see cref="Result"/> is made of it in the end.
/// </summary>
internal sealed class FoldExpr(int position, Expr range, string variable, string? second, string accumulator, Expr init, Expr condition, Expr step, Expr result)
    : Expr(position)
{
    public Expr Range { get; } = range;

    public string Variable { get; } = variable;

    /// <summary>With two variables the first is the index or key, and this the value.</summary>
    public string? Second { get; } = second;

    public string Accumulator { get; } = accumulator;

    public Expr Init { get; } = init;

    public Expr Condition { get; } = condition;

    public Expr Step { get; } = step;

    public Expr Result { get; } = result;
}
