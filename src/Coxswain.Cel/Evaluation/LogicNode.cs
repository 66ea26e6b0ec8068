using Coxswain.Cel.Values;

namespace Coxswain.Cel.Evaluation;

/// <summary>Conjunction or disjunction: one side may decide although the other is an error.</summary>
/// <param name="decides">The value that decides: true for a disjunction.</param>
internal sealed class LogicNode(Node left, Node right, bool decides) : Node
{
    public override object Evaluate(Frame frame)
    {
        var first = left.Evaluate(frame);
        if (first is bool truth && truth == decides)
        {
            return first;
        }

        var second = right.Evaluate(frame);
        if (second is bool other && (other == decides || first is bool))
        {
            return second;
        }

        return first is CelError ? first : second is CelError ? second : CelError.NoOverload;
    }
}
