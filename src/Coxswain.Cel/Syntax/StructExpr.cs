namespace Coxswain.Cel.Syntax;

/// <summary>A message with fields; there are no types for it, so the checker refuses it by name.</summary>
internal sealed class StructExpr(int position, string typeName) : Expr(position)
{
    public string TypeName { get; } = typeName;
}
