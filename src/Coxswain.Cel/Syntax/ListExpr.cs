namespace Coxswain.Cel.Syntax;

/// <param name="optional">The indexes of items that are optionals and may be left out.</param>
internal sealed class ListExpr(int position, IReadOnlyList<Expr> items, IReadOnlySet<int> optional) : Expr(position)
{
    public IReadOnlyList<Expr> Items { get; } = items;

    public IReadOnlySet<int> Optional { get; } = optional;
}
