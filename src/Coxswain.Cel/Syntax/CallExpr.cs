namespace Coxswain.Cel.Syntax;

/// <param name="target">What a method is called on; null for a function.</param>
internal sealed class CallExpr(int position, string function, Expr? target, IReadOnlyList<Expr> arguments) : Expr(position)
{
    public string Function { get; } = function;

    public Expr? Target { get; } = target;

    public IReadOnlyList<Expr> Arguments { get; } = arguments;
}
