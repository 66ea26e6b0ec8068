namespace Coxswain.Cel.Syntax;

/// <summary>Calls that the parser unfolds: those that introduce a variable, and <c>has</c>.</summary>
internal static class Macros
{
    /// <summary>No source can say this name.</summary>
    private const string Accumulator = "@result";

    /// <summary>Null when it is a call like any other.</summary>
    /// <exception cref="CelSyntaxException">It is a macro with the wrong arguments.</exception>
    public static Expr? Expand(Parser parser, int position, string name, Expr? target, IReadOnlyList<Expr> arguments)
    {
        if (target is null)
        {
            return name == "has" && arguments.Count == 1 ? Has(parser, position, arguments[0]) : null;
        }

        if (target is IdentExpr { Name: "cel" } && name == "bind" && arguments.Count == 3)
        {
            return Bind(parser, position, Variable(arguments[0]), arguments[1], arguments[2]);
        }

        var macro = new Builder(parser, position, target);
        return (name, arguments.Count) switch
        {
            ("all", 2 or 3) => macro.All(arguments),
            ("exists", 2 or 3) => macro.Exists(arguments),
            ("exists_one" or "existsOne", 2 or 3) => macro.ExistsOne(arguments),
            ("map", 2) => macro.Map(Variable(arguments[0]), null, null, arguments[1]),
            ("map", 3) => macro.Map(Variable(arguments[0]), null, arguments[1], arguments[2]),
            ("filter", 2) => macro.Map(Variable(arguments[0]), null, arguments[1], macro.Ident(Variable(arguments[0]))),
            ("transformList", 3) => macro.Map(Variable(arguments[0]), Variable(arguments[1]), null, arguments[2]),
            ("transformList", 4) => macro.Map(Variable(arguments[0]), Variable(arguments[1]), arguments[2], arguments[3]),
            ("transformMap", 3) => macro.TransformMap(arguments, null, arguments[2]),
            ("transformMap", 4) => macro.TransformMap(arguments, arguments[2], arguments[3]),
            ("transformMapEntry", 3) => macro.TransformMapEntry(arguments, null, arguments[2]),
            ("transformMapEntry", 4) => macro.TransformMapEntry(arguments, arguments[2], arguments[3]),
            ("optMap", 2) => OptionalMap(parser, position, target, Variable(arguments[0]), arguments[1], wraps: true),
            ("optFlatMap", 2) => OptionalMap(parser, position, target, Variable(arguments[0]), arguments[1], wraps: false),
            _ => null,
        };
    }

    private static SelectExpr Has(Parser parser, int position, Expr argument) =>
        argument is SelectExpr { IsTest: false } select
            ? parser.Count(new SelectExpr(position, select.Operand, select.Field, isTest: true))
            : throw new CelSyntaxException(argument.Position, "invalid argument to has() macro");

    /// <summary>A fold over nothing whose accumulator is the variable.</summary>
    private static FoldExpr Bind(Parser parser, int position, string variable, Expr value, Expr body) => parser.Count(new FoldExpr(
        position, parser.Count(new ListExpr(position, [], new HashSet<int>())), "@unused", null, variable, value,
        parser.Constant(position, false), parser.Count(new IdentExpr(position, variable)), body));

    private static Expr OptionalMap(Parser parser, int position, Expr target, string variable, Expr body, bool wraps)
    {
        var result = Bind(parser, position, variable, parser.Method(position, "value", target), body);
        return parser.Call(
            position, Operators.Conditional, parser.Method(position, "hasValue", target),
            wraps ? parser.Method(position, "of", parser.Count(new IdentExpr(position, "optional")), result) : result,
            parser.Method(position, "none", parser.Count(new IdentExpr(position, "optional"))));
    }

    private static string Variable(Expr expr) => expr is IdentExpr ident && !ident.Name.StartsWith('.')
        ? ident.Name : throw new CelSyntaxException(expr.Position, "argument must be a simple name");

    private sealed class Builder(Parser parser, int position, Expr range)
    {
        public Expr Ident(string name) => parser.Count(new IdentExpr(position, name));

        public Expr All(IReadOnlyList<Expr> arguments) => Fold(
            arguments, True, Call(Operators.NotStrictlyFalse, Result), Call(Operators.And, Result, arguments[^1]), Result);

        public Expr Exists(IReadOnlyList<Expr> arguments) => Fold(
            arguments, False, Call(Operators.NotStrictlyFalse, Call(Operators.Not, Result)), Call(Operators.Or, Result, arguments[^1]), Result);

        public Expr ExistsOne(IReadOnlyList<Expr> arguments) => Fold(
            arguments, parser.Constant(position, 0L), True,
            Call(Operators.Conditional, arguments[^1], Call("_+_", Result, parser.Constant(position, 1L)), Result),
            Call(Operators.Equal, Result, parser.Constant(position, 1L)));

        public Expr Map(string variable, string? second, Expr? filter, Expr item)
        {
            var step = Call("_+_", Result, parser.Count(new ListExpr(position, [item], new HashSet<int>())));
            return Fold(variable, second, parser.Count(new ListExpr(position, [], new HashSet<int>())), True, Filtered(filter, step), Result);
        }

        public Expr TransformMap(IReadOnlyList<Expr> arguments, Expr? filter, Expr value)
        {
            var (key, item) = (Variable(arguments[0]), Variable(arguments[1]));
            return Fold(key, item, EmptyMap, True, Filtered(filter, Call(Operators.Insert, Result, Ident(key), value)), Result);
        }

        public Expr TransformMapEntry(IReadOnlyList<Expr> arguments, Expr? filter, Expr entry) => Fold(
            Variable(arguments[0]), Variable(arguments[1]), EmptyMap, True, Filtered(filter, Call(Operators.Insert, Result, entry)), Result);

        private Expr Result => Ident(Accumulator);

        private Expr True => parser.Constant(position, true);

        private Expr False => parser.Constant(position, false);

        private MapExpr EmptyMap => parser.Count(new MapExpr(position, []));

        private Expr Call(string function, params IReadOnlyList<Expr> arguments) => parser.Call(position, function, arguments);

        private Expr Filtered(Expr? filter, Expr step) => filter is null ? step : Call(Operators.Conditional, filter, step, Result);

        private FoldExpr Fold(IReadOnlyList<Expr> arguments, Expr init, Expr condition, Expr step, Expr result) =>
            Fold(Variable(arguments[0]), arguments.Count == 3 ? Variable(arguments[1]) : null, init, condition, step, result);

        private FoldExpr Fold(string variable, string? second, Expr init, Expr condition, Expr step, Expr result)
        {
            if (variable == second)
            {
                throw new CelSyntaxException(position, $"duplicate variable name: {variable}");
            }

            return parser.Count(new FoldExpr(position, range, variable, second, Accumulator, init, condition, step, result));
        }
    }
}
