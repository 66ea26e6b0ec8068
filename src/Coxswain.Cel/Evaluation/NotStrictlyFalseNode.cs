namespace Coxswain.Cel.Evaluation;

/// <summary>Whether a fold is to go on: an error may still be absorbed.</summary>
internal sealed class NotStrictlyFalseNode(Node operand) : Node
{
    public override object Evaluate(Frame frame) => operand.Evaluate(frame) is not false;
}
