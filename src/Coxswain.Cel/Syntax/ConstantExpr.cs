namespace Coxswain.Cel.Syntax;

/// <param name="value">A value as the evaluator knows values; a text for bytes is already decoded.</param>
internal sealed class ConstantExpr(int position, object value) : Expr(position)
{
    public object Value { get; } = value;
}
