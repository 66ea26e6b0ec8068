using Coxswain.Cel.Syntax;
using Coxswain.Cel.Types;
using Coxswain.Cel.Values;

namespace Coxswain.Cel.Functions;

/// <summary>Values that may be absent.</summary>
internal static class OptionalLibrary
{
    private static readonly CelType A = CelType.Parameter("A");
    private static readonly CelType B = CelType.Parameter("B");
    private static readonly CelType OptionalA = CelType.Optional(A);

    public static void AddTo(FunctionTable table)
    {
        table.Function("optional.of", [A], OptionalA, static arguments => new CelOptional(arguments[0]));
        table.Function("optional.ofNonZeroValue", [A], OptionalA, static arguments => IsZero(arguments[0]) ? CelOptional.None : new CelOptional(arguments[0]));
        table.Function("optional.none", [], OptionalA, static _ => CelOptional.None);
        table.Function("optional.unwrap", [CelType.List(OptionalA)], CelType.List(A), Unwrap, Costs.Items);
        table.Method("unwrapOpt", [CelType.List(OptionalA)], CelType.List(A), Unwrap, Costs.Items);
        table.Method("hasValue", [OptionalA], CelType.Bool, static arguments => ((CelOptional)arguments[0]).HasValue);
        table.Method("value", [OptionalA], A, static arguments => ((CelOptional)arguments[0]).Value ?? new CelError("optional.none() dereference"));
        table.Method("or", [OptionalA, OptionalA], OptionalA, static arguments => arguments[0] is CelOptional { HasValue: true } ? arguments[0] : arguments[1]);
        table.Method("orValue", [OptionalA, A], A, static arguments => ((CelOptional)arguments[0]).Value ?? arguments[1]);
        table.Function(Operators.OptionalIndex, [CelType.List(A), CelType.Int], OptionalA, NotCalled);
        table.Function(Operators.OptionalIndex, [CelType.Map(A, B), A], CelType.Optional(B), NotCalled);
        table.Function(Operators.OptionalIndex, [CelType.Optional(CelType.List(A)), CelType.Int], OptionalA, NotCalled);
        table.Function(Operators.OptionalIndex, [CelType.Optional(CelType.Map(A, B)), A], CelType.Optional(B), NotCalled);
        table.Function(Operators.Index, [CelType.Optional(CelType.List(A)), CelType.Int], OptionalA, NotCalled);
        table.Function(Operators.Index, [CelType.Optional(CelType.Map(A, B)), A], CelType.Optional(B), NotCalled);
        table.Method("first", [CelType.List(A)], OptionalA, static arguments => arguments[0] is CelList { Count: > 0 } list ? new CelOptional(list[0]) : CelOptional.None);
        table.Method("last", [CelType.List(A)], OptionalA, static arguments => arguments[0] is CelList { Count: > 0 } list ? new CelOptional(list[^1]) : CelOptional.None);
    }

    internal static bool IsZero(object value) => value switch
    {
        CelNull or false or 0L or 0UL or 0.0 or "" or byte[] { Length: 0 } or CelList { Count: 0 } or CelMap { Count: 0 } => true,
        CelDuration duration => duration.Nanoseconds == 0,
        CelTimestamp time => time.Nanoseconds == 0,
        CelOptional optional => !optional.HasValue,
        _ => false,
    };

    private static object Unwrap(object[] arguments) => CelList.Of(
        [.. ((CelList)arguments[0]).Items().OfType<CelOptional>().Where(optional => optional.HasValue).Select(optional => optional.Value!)]); // it has one

    private static object NotCalled(object[] arguments) => throw new InvalidOperationException("the evaluator does this by itself");

    internal static object Index(object container, object index)
    {
        if (container is CelOptional optional)
        {
            if (!optional.HasValue)
            {
                return CelOptional.None;
            }

            container = optional.Value!; // it has one
        }

        return container switch
        {
            CelMap map => map.Find(index) is { } value ? value is CelError ? value : new CelOptional(value) : CelOptional.None,
            CelList list => CelKeys.Canonical(index) is long at && at >= 0 && at < list.Count ? new CelOptional(list[(int)at]) : CelOptional.None,
            _ => CelError.NoOverload,
        };
    }
}
