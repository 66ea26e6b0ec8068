using Coxswain.Cel.Values;

namespace Coxswain.Cel.Evaluation;

internal sealed class ConditionalNode(Node condition, Node then, Node otherwise) : Node
{
    public override object Evaluate(Frame frame) => condition.Evaluate(frame) switch
    {
        true => then.Evaluate(frame),
        false => otherwise.Evaluate(frame),
        CelError error => error,
        _ => CelError.NoOverload,
    };
}
