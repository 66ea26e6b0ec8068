using Coxswain.Cel.Values;

namespace Coxswain.Cel.Evaluation;

internal sealed class StructNode(string typeName, (string Name, Node Value, bool IsOptional)[] fields) : Node
{
    private const int Cost = 40;

    public override object Evaluate(Frame frame)
    {
        frame.Charge(Cost);
        var values = new Dictionary<string, object>(fields.Length, StringComparer.Ordinal);
        foreach (var field in fields)
        {
            var value = field.Value.Evaluate(frame);
            if (value is CelError)
            {
                return value;
            }

            if (!field.IsOptional)
            {
                values[field.Name] = value;
            }
            else if (value is not CelOptional given)
            {
                return CelError.NoOverload;
            }
            else if (given.HasValue)
            {
                values[field.Name] = given.Value!; // it has one
            }
        }

        return new CelStruct(typeName, values);
    }
}
