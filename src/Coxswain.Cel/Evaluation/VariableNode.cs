using Coxswain.Cel.Values;

namespace Coxswain.Cel.Evaluation;

internal sealed class VariableNode(string name) : Node
{
    public override object Evaluate(Frame frame)
    {
        frame.Charge(1);
        return frame.Variable(name) ?? new CelError($"no such attribute(s): {name}");
    }
}
