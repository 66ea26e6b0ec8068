using Coxswain.Cel.Values;

namespace Coxswain.Cel.Evaluation;

internal sealed class ListNode(Node[] items, IReadOnlySet<int> optional) : Node
{
    private const int Cost = 10;

    public override object Evaluate(Frame frame)
    {
        frame.Charge(Cost);
        var values = new List<object>(items.Length);
        for (var i = 0; i < items.Length; i++)
        {
            var value = items[i].Evaluate(frame);
            if (value is CelError)
            {
                return value;
            }

            if (!optional.Contains(i))
            {
                values.Add(value);
            }
            else if (value is not CelOptional given)
            {
                return CelError.NoOverload;
            }
            else if (given.HasValue)
            {
                values.Add(given.Value!); // it has one
            }
        }

        return CelList.Of(values);
    }
}
