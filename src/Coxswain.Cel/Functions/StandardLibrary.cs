using Coxswain.Cel.Syntax;
using Coxswain.Cel.Types;
using Coxswain.Cel.Values;

namespace Coxswain.Cel.Functions;

/// <summary>The operators and functions of the language itself.</summary>
internal static class StandardLibrary
{
    private static readonly CelType A = CelType.Parameter("A");
    private static readonly CelType B = CelType.Parameter("B");
    private static readonly CelType ListOfA = CelType.List(A);
    private static readonly CelType MapOfAB = CelType.Map(A, B);

    public static void AddTo(FunctionTable table)
    {
        AddLogic(table);
        AddArithmetic(table);
        AddComparisons(table);
        AddTexts(table);
        ConversionFunctions.AddTo(table);
        TimeFunctions.AddTo(table);
    }

    /// <summary>What an evaluator does by itself is here for its types.</summary>
    private static void AddLogic(FunctionTable table)
    {
        table.Function(Operators.Conditional, [CelType.Bool, A, A], A, NotCalled);
        table.Function(Operators.And, [CelType.Bool, CelType.Bool], CelType.Bool, NotCalled);
        table.Function(Operators.Or, [CelType.Bool, CelType.Bool], CelType.Bool, NotCalled);
        table.Function(Operators.NotStrictlyFalse, [CelType.Bool], CelType.Bool, NotCalled);
        table.Function(Operators.Not, [CelType.Bool], CelType.Bool, arguments => !(bool)arguments[0]);
        table.Function(Operators.Index, [ListOfA, CelType.Int], A, NotCalled);
        table.Function(Operators.Index, [MapOfAB, A], B, NotCalled);
        table.Function(Operators.Insert, [MapOfAB, A, B], MapOfAB, Insert);
        table.Function(Operators.Insert, [MapOfAB, MapOfAB], MapOfAB, Insert);
        table.Function(Operators.In, [A, ListOfA], CelType.Bool, In, Costs.ItemsOfSecond);
        table.Function(Operators.In, [A, MapOfAB], CelType.Bool, In);
        table.Function("size", [ListOfA], CelType.Int, Size);
        table.Function("size", [MapOfAB], CelType.Int, Size);
        table.Function("size", [CelType.String], CelType.Int, Size);
        table.Function("size", [CelType.Bytes], CelType.Int, Size);
        table.Method("size", [ListOfA], CelType.Int, Size);
        table.Method("size", [MapOfAB], CelType.Int, Size);
        table.Method("size", [CelType.String], CelType.Int, Size);
        table.Method("size", [CelType.Bytes], CelType.Int, Size);
    }

    private static void AddArithmetic(FunctionTable table)
    {
        foreach (var type in (CelType[])[CelType.Int, CelType.Uint, CelType.Double])
        {
            table.Function("_+_", [type, type], type, Arithmetic.Add);
            table.Function("_-_", [type, type], type, Arithmetic.Subtract);
            table.Function("_*_", [type, type], type, Arithmetic.Multiply);
            table.Function("_/_", [type, type], type, Arithmetic.Divide);
        }

        table.Function("_%_", [CelType.Int, CelType.Int], CelType.Int, Arithmetic.Remainder);
        table.Function("_%_", [CelType.Uint, CelType.Uint], CelType.Uint, Arithmetic.Remainder);
        table.Function(Operators.Negate, [CelType.Int], CelType.Int, Arithmetic.Negate);
        table.Function(Operators.Negate, [CelType.Double], CelType.Double, Arithmetic.Negate);
        table.Function("_+_", [CelType.String, CelType.String], CelType.String, Arithmetic.Add, Costs.AllTexts);
        table.Function("_+_", [CelType.Bytes, CelType.Bytes], CelType.Bytes, Arithmetic.Add, Costs.AllTexts);
        table.Function("_+_", [ListOfA, ListOfA], ListOfA, Arithmetic.Add);
        table.Function("_+_", [CelType.Timestamp, CelType.Duration], CelType.Timestamp, Arithmetic.Add);
        table.Function("_+_", [CelType.Duration, CelType.Timestamp], CelType.Timestamp, Arithmetic.Add);
        table.Function("_+_", [CelType.Duration, CelType.Duration], CelType.Duration, Arithmetic.Add);
        table.Function("_-_", [CelType.Timestamp, CelType.Timestamp], CelType.Duration, Arithmetic.Subtract);
        table.Function("_-_", [CelType.Timestamp, CelType.Duration], CelType.Timestamp, Arithmetic.Subtract);
        table.Function("_-_", [CelType.Duration, CelType.Duration], CelType.Duration, Arithmetic.Subtract);
    }

    private static void AddComparisons(FunctionTable table)
    {
        table.Function(Operators.Equal, [A, A], CelType.Bool, static arguments => CelValues.Equal(arguments[0], arguments[1]), Costs.Compared);
        table.Function(Operators.NotEqual, [A, A], CelType.Bool, static arguments => !CelValues.Equal(arguments[0], arguments[1]), Costs.Compared);
        CelType[] numbers = [CelType.Int, CelType.Uint, CelType.Double];
        List<(CelType, CelType)> ordered = [.. from left in numbers from right in numbers select (left, right)];
        ordered.AddRange(((CelType[])[CelType.Bool, CelType.String, CelType.Bytes, CelType.Timestamp, CelType.Duration]).Select(type => (type, type)));
        foreach (var (left, right) in ordered)
        {
            AddOrder(table, "_<_", left, right, static order => order < 0);
            AddOrder(table, "_<=_", left, right, static order => order <= 0);
            AddOrder(table, "_>_", left, right, static order => order > 0);
            AddOrder(table, "_>=_", left, right, static order => order >= 0);
        }
    }

    /// <summary>What is no number is neither less nor more.</summary>
    private static void AddOrder(FunctionTable table, string name, CelType left, CelType right, Func<int, bool> holds) =>
        table.Function(name, [left, right], CelType.Bool, arguments => CelValues.Compare(arguments[0], arguments[1]) is { } order && holds(order), Costs.Compared);

    private static void AddTexts(FunctionTable table)
    {
        table.Method("contains", [CelType.String, CelType.String], CelType.Bool,
            static arguments => ((string)arguments[0]).Contains((string)arguments[1], StringComparison.Ordinal), Costs.Product);
        table.Method("startsWith", [CelType.String, CelType.String], CelType.Bool,
            static arguments => ((string)arguments[0]).StartsWith((string)arguments[1], StringComparison.Ordinal), static arguments => 1 + Costs.OfText(arguments[1]));
        table.Method("endsWith", [CelType.String, CelType.String], CelType.Bool,
            static arguments => ((string)arguments[0]).EndsWith((string)arguments[1], StringComparison.Ordinal), static arguments => 1 + Costs.OfText(arguments[1]));
    }

    private static object NotCalled(object[] arguments) => throw new InvalidOperationException("the evaluator does this by itself");

    internal static object Size(object[] arguments) => arguments[0] is string text ? (long)CelText.Length(text) : CelValues.Size(arguments[0]);

    internal static object Index(object container, object index)
    {
        if (container is CelMap map)
        {
            return index is string or bool || CelValues.IsNumber(index) ? map.Find(index) ?? CelError.NoKey(index) : CelError.NoOverload;
        }

        if (container is not CelList list || !CelValues.IsNumber(index))
        {
            return CelError.NoOverload;
        }

        return CelKeys.Canonical(index) is not long at ? index is double ? new CelError("unsupported index value: not an integer") : OutOfBounds(index)
            : at >= 0 && at < list.Count ? list[(int)at] : OutOfBounds(index);
    }

    private static CelError OutOfBounds(object index) => new($"index out of bounds: {CelText.Of(index)}");

    private static object In(object[] arguments)
    {
        if (arguments[1] is CelMap map)
        {
            return map.Find(arguments[0]) is not null;
        }

        var list = (CelList)arguments[1];
        for (var i = 0; i < list.Count; i++)
        {
            if (CelValues.Equal(arguments[0], list[i]))
            {
                return true;
            }
        }

        return false;
    }

    private static object Insert(object[] arguments)
    {
        var map = (CelMap)arguments[0];
        if (arguments.Length == 3)
        {
            return map.With(arguments[1], arguments[2]) ?? (object)Repeated(arguments[1]);
        }

        var entries = (CelMap)arguments[1];
        foreach (var key in entries.Keys)
        {
            if (map.With(key, entries.Find(key)!) is not { } more) // it is one of its keys
            {
                return Repeated(key);
            }

            map = more;
        }

        return map;
    }

    private static CelError Repeated(object key) => new($"insert failed: key {CelText.Of(key)} already exists");
}
