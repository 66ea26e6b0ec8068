using Coxswain.Cel.Functions;
using Coxswain.Cel.Values;

namespace Coxswain.Cel.Evaluation;

/// <summary>An item of a list or an entry of a map. Any number that is the index of an item is.</summary>
internal sealed class IndexNode(Node container, Node index, bool isOptional) : Node
{
    public override object Evaluate(Frame frame)
    {
        frame.Charge(1);
        var (value, at) = (container.Evaluate(frame), index.Evaluate(frame));
        return value is CelError ? value : at is CelError ? at
            : isOptional || value is CelOptional ? OptionalLibrary.Index(value, at) : StandardLibrary.Index(value, at);
    }
}
