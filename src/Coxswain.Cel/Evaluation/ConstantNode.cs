namespace Coxswain.Cel.Evaluation;

internal sealed class ConstantNode(object value) : Node
{
    public override object Evaluate(Frame frame) => value;
}
