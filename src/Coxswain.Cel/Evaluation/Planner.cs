using Coxswain.Cel.Checking;
using Coxswain.Cel.Syntax;

namespace Coxswain.Cel.Evaluation;

/// <summary>Makes nodes of a checked tree; every name and signature that can be settled is settled here.</summary>
internal sealed class Planner
{
    private readonly CheckedExpr _checked;
    private readonly Dictionary<Expr, Node> _nodes = [];
    private readonly List<string> _scope = [];
    private int _slots;

    private Planner(CheckedExpr tree) => _checked = tree;

    /// <param name="slots">How many places an evaluation needs.</param>
    public static Node Plan(CheckedExpr tree, out int slots)
    {
        var planner = new Planner(tree);
        var root = planner.Visit(tree.Root);
        slots = planner._slots;
        return root;
    }

    private Node Visit(Expr expr)
    {
        if (!_nodes.TryGetValue(expr, out var node))
        {
            node = Make(expr);
            _nodes.Add(expr, node);
        }

        return node;
    }

    private Node Make(Expr expr)
    {
        if (_checked.Names.TryGetValue(expr, out var name))
        {
            return name.Constant is not null ? new ConstantNode(name.Constant)
                : _scope.LastIndexOf(name.Name) is var slot && slot >= 0 ? new SlotNode(slot) : new VariableNode(name.Name.TrimStart('.'));
        }

        return expr switch
        {
            ConstantExpr constant => new ConstantNode(constant.Value),
            SelectExpr select => new SelectNode(Visit(select.Operand), select.Field, select.IsTest, select.IsOptional),
            CallExpr call => Call(call),
            ListExpr list => new ListNode([.. list.Items.Select(Visit)], list.Optional),
            MapExpr map => new MapNode([.. map.Entries.Select(entry => (Visit(entry.Key), Visit(entry.Value), entry.IsOptional))]),
            StructExpr message => new StructNode(
                message.TypeName.TrimStart('.'), [.. message.Fields.Select(field => (field.Name, Visit(field.Value), field.IsOptional))]),
            FoldExpr fold => Fold(fold),
            _ => throw new InvalidOperationException($"{expr.GetType()} was not checked"),
        };
    }

    private Node Call(CallExpr call)
    {
        var reference = _checked.Calls[call];
        Node[] arguments = reference.HasTarget ? [Visit(call.Target!), .. call.Arguments.Select(Visit)] : [.. call.Arguments.Select(Visit)]; // there is one
        return reference.Function switch
        {
            Operators.And => new LogicNode(arguments[0], arguments[1], decides: false),
            Operators.Or => new LogicNode(arguments[0], arguments[1], decides: true),
            Operators.Conditional => new ConditionalNode(arguments[0], arguments[1], arguments[2]),
            Operators.NotStrictlyFalse => new NotStrictlyFalseNode(arguments[0]),
            Operators.Index => new IndexNode(arguments[0], arguments[1], isOptional: false),
            Operators.OptionalIndex => new IndexNode(arguments[0], arguments[1], isOptional: true),
            _ => new CallNode(arguments, [.. reference.Overloads]),
        };
    }

    /// <summary>Each variable has the place of its depth, so that none inside another shares it.</summary>
    private FoldNode Fold(FoldExpr fold)
    {
        var range = Visit(fold.Range);
        var init = Visit(fold.Init);
        var accumulator = Enter(fold.Accumulator);
        var variable = Enter(fold.Variable);
        var second = fold.Second is null ? -1 : Enter(fold.Second);
        var condition = Visit(fold.Condition);
        var step = Visit(fold.Step);
        _scope.RemoveRange(variable, _scope.Count - variable);
        var result = Visit(fold.Result);
        _scope.RemoveAt(accumulator);
        return new FoldNode(range, variable, second, accumulator, init, condition, step, result);
    }

    private int Enter(string name)
    {
        _scope.Add(name);
        _slots = Math.Max(_slots, _scope.Count);
        return _scope.Count - 1;
    }
}
