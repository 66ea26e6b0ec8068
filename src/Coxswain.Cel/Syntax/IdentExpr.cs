namespace Coxswain.Cel.Syntax;

internal sealed class IdentExpr(int position, string name) : Expr(position)
{
    public string Name { get; } = name;
}
