using Coxswain.Cel.Functions;
using Coxswain.Cel.Values;

namespace Coxswain.Cel.Evaluation;

internal sealed class CallNode(Node[] arguments, Overload[] overloads) : Node
{
    public override object Evaluate(Frame frame)
    {
        var values = new object[arguments.Length];
        for (var i = 0; i < values.Length; i++)
        {
            values[i] = arguments[i].Evaluate(frame);
            if (values[i] is CelError)
            {
                return values[i];
            }
        }

        foreach (var overload in overloads)
        {
            if (overload.Takes(values))
            {
                frame.Charge(overload.Cost?.Invoke(values) ?? 1);
                var result = overload.Invoke(values);
                if (result is string or byte[])
                {
                    frame.Charge(Costs.OfText(result));
                }

                return result;
            }
        }

        return CelError.NoOverload;
    }
}
