namespace Coxswain.Cel.Syntax;

/// <summary>A message with fields. Which types there are is the environment's; the checker refuses others by name.</summary>
internal sealed class StructExpr(int position, string typeName, IReadOnlyList<StructField> fields) : Expr(position)
{
    public string TypeName { get; } = typeName;

    public IReadOnlyList<StructField> Fields { get; } = fields;
}
