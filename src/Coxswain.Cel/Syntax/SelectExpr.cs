namespace Coxswain.Cel.Syntax;

/// <param name="isTest">Asks whether the field is there (<c>has</c>).</param>
/// <param name="isOptional">Gives an optional (<c>.?</c>).</param>
internal sealed class SelectExpr(int position, Expr operand, string field, bool isTest = false, bool isOptional = false) : Expr(position)
{
    public Expr Operand { get; } = operand;

    public string Field { get; } = field;

    public bool IsTest { get; } = isTest;

    public bool IsOptional { get; } = isOptional;
}
