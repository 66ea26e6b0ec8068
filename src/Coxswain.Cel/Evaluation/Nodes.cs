using Coxswain.Cel.Functions;
using Coxswain.Cel.Values;

namespace Coxswain.Cel.Evaluation;

/// <summary>A part of an expression, ready to be evaluated as often as wanted, by many at once.</summary>
internal abstract class Node
{
    /// <returns>A value, which may be an error.</returns>
    public abstract object Evaluate(Frame frame);
}

internal sealed class ConstantNode(object value) : Node
{
    public override object Evaluate(Frame frame) => value;
}

internal sealed class VariableNode(string name) : Node
{
    public override object Evaluate(Frame frame)
    {
        frame.Charge(1);
        return frame.Variable(name) ?? new CelError($"no such attribute(s): {name}");
    }
}

internal sealed class SlotNode(int slot) : Node
{
    public override object Evaluate(Frame frame)
    {
        frame.Charge(1);
        return frame.Slots[slot];
    }
}

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

/// <summary>Whether a fold is to go on: an error may still be absorbed.</summary>
internal sealed class NotStrictlyFalseNode(Node operand) : Node
{
    public override object Evaluate(Frame frame) => operand.Evaluate(frame) is not false;
}

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
