using Coxswain.Cel.Types;
using Coxswain.Cel.Values;

namespace Coxswain.Cel.Functions;

/// <summary>Kubernetes' functions of lists: sums, extremes, order and places.</summary>
internal static class ListsLibrary
{
    public static void AddTo(FunctionTable table)
    {
        foreach (var type in (CelType[])[CelType.Int, CelType.Uint, CelType.Double, CelType.Duration])
        {
            table.Method("sum", [CelType.List(type)], type, arguments => Sum((CelList)arguments[0], type), Costs.Items);
        }

        foreach (var type in (CelType[])[CelType.Int, CelType.Uint, CelType.Double, CelType.Bool, CelType.String, CelType.Bytes, CelType.Duration, CelType.Timestamp])
        {
            var list = CelType.List(type);
            table.Method("isSorted", [list], CelType.Bool, static arguments => IsSorted((CelList)arguments[0]), Costs.Items);
            table.Method("min", [list], type, static arguments => Extreme((CelList)arguments[0], "min", order => order < 0), Costs.Items);
            table.Method("max", [list], type, static arguments => Extreme((CelList)arguments[0], "max", order => order > 0), Costs.Items);
        }

        var any = CelType.Parameter("A");
        table.Method("indexOf", [CelType.List(any), any], CelType.Int, static arguments => Place(((CelList)arguments[0]).Items(), arguments[1]), Costs.Items);
        table.Method("lastIndexOf", [CelType.List(any), any], CelType.Int, static arguments =>
            Place(((CelList)arguments[0]).Items().Reverse(), arguments[1]) is var place && place < 0 ? place : ((CelList)arguments[0]).Count - 1 - place, Costs.Items);
    }

    private static object Sum(CelList list, CelType type)
    {
        object sum = type.Kind switch { CelKind.Int => 0L, CelKind.Uint => 0UL, CelKind.Double => 0.0, _ => new CelDuration(0) };
        for (var i = 0; i < list.Count; i++)
        {
            sum = Arithmetic.Add([sum, list[i]]);
            if (sum is CelError)
            {
                return sum;
            }
        }

        return sum;
    }

    private static object IsSorted(CelList list)
    {
        for (var i = 1; i < list.Count; i++)
        {
            if (CelValues.Compare(list[i - 1], list[i]) is not { } order)
            {
                return CelError.NoOverload;
            }

            if (order > 0)
            {
                return false;
            }
        }

        return true;
    }

    private static object Extreme(CelList list, string name, Func<int, bool> isBetter)
    {
        if (list.Count == 0)
        {
            return new CelError($"{name} called on empty list");
        }

        var best = list[0];
        for (var i = 1; i < list.Count; i++)
        {
            if (CelValues.Compare(list[i], best) is not { } order)
            {
                return CelError.NoOverload;
            }

            best = isBetter(order) ? list[i] : best;
        }

        return best;
    }

    private static long Place(IEnumerable<object> items, object wanted)
    {
        var place = 0L;
        foreach (var item in items)
        {
            if (CelValues.Equal(item, wanted))
            {
                return place;
            }

            place++;
        }

        return -1;
    }
}
