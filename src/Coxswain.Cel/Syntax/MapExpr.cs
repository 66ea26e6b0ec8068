namespace Coxswain.Cel.Syntax;

internal sealed class MapExpr(int position, IReadOnlyList<MapEntry> entries) : Expr(position)
{
    public IReadOnlyList<MapEntry> Entries { get; } = entries;
}
