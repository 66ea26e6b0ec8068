using Coxswain.Cel.Values;

namespace Coxswain.Cel.Evaluation;

internal sealed class FoldNode(Node range, int variable, int second, int accumulator, Node init, Node condition, Node step, Node result) : Node
{
    public override object Evaluate(Frame frame)
    {
        var over = range.Evaluate(frame);
        if (over is CelError)
        {
            return over;
        }

        var slots = frame.Slots;
        slots[accumulator] = init.Evaluate(frame);
        switch (over)
        {
            case CelList list:
                for (var i = 0; i < list.Count; i++)
                {
                    slots[variable] = second < 0 ? list[i] : (long)i;
                    if (second >= 0)
                    {
                        slots[second] = list[i];
                    }

                    if (!Step(frame))
                    {
                        break;
                    }
                }

                break;
            case CelMap map:
                foreach (var key in map.Keys)
                {
                    slots[variable] = key;
                    if (second >= 0)
                    {
                        slots[second] = map.Find(key)!; // it is one of its keys
                    }

                    if (!Step(frame))
                    {
                        break;
                    }
                }

                break;
            default:
                return CelError.NoOverload;
        }

        return result.Evaluate(frame);
    }

    private bool Step(Frame frame)
    {
        frame.Charge(1);
        if (condition.Evaluate(frame) is false)
        {
            return false;
        }

        frame.Slots[accumulator] = step.Evaluate(frame);
        return true;
    }
}
