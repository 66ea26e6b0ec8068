namespace Coxswain.Cel.Syntax;

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
