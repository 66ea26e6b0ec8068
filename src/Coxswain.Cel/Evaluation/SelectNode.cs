using Coxswain.Cel.Values;

namespace Coxswain.Cel.Evaluation;

internal sealed class SelectNode(Node operand, string field, bool isTest, bool isOptional) : Node
{
    public override object Evaluate(Frame frame)
    {
        frame.Charge(1);
        var value = operand.Evaluate(frame);
        if (value is CelError)
        {
            return value;
        }

        var givesOptional = isOptional;
        if (value is CelOptional optional)
        {
            if (!optional.HasValue)
            {
                return isTest ? false : optional;
            }

            value = optional.Value!; // it has one
            givesOptional = true;
        }

        if (value is not CelMap map)
        {
            return CelError.NoOverload;
        }

        if (isTest)
        {
            return map.Has(field);
        }

        var found = map.Find(field);
        return givesOptional ? found is null ? CelOptional.None : found is CelError ? found : new CelOptional(found) : found ?? CelError.NoKey(field);
    }
}
