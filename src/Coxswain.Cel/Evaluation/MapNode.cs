using Coxswain.Cel.Values;

namespace Coxswain.Cel.Evaluation;

internal sealed class MapNode((Node Key, Node Value, bool IsOptional)[] entries) : Node
{
    private const int Cost = 30;

    public override object Evaluate(Frame frame)
    {
        frame.Charge(Cost);
        var values = new List<KeyValuePair<object, object>>(entries.Length);
        foreach (var entry in entries)
        {
            var key = entry.Key.Evaluate(frame);
            if (key is CelError)
            {
                return key;
            }

            if (key is not (string or bool or long or ulong))
            {
                return new CelError($"unsupported key type: {CelValues.TypeOf(key)}");
            }

            var value = entry.Value.Evaluate(frame);
            if (value is CelError)
            {
                return value;
            }

            if (!entry.IsOptional)
            {
                values.Add(new(key, value));
            }
            else if (value is not CelOptional given)
            {
                return CelError.NoOverload;
            }
            else if (given.HasValue)
            {
                values.Add(new(key, given.Value!)); // it has one
            }
        }

        return CelMap.Of(values) ?? (object)new CelError("Failed with repeated key");
    }
}
