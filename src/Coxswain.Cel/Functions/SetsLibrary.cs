using Coxswain.Cel.Types;
using Coxswain.Cel.Values;

namespace Coxswain.Cel.Functions;

/// <summary>Lists seen as sets.</summary>
internal static class SetsLibrary
{
    public static void AddTo(FunctionTable table)
    {
        var list = CelType.List(CelType.Parameter("A"));
        table.Function("sets.contains", [list, list], CelType.Bool, static arguments => Contains((CelList)arguments[0], (CelList)arguments[1]), Costs.ItemsTimesItems);
        table.Function("sets.equivalent", [list, list], CelType.Bool,
            static arguments => Contains((CelList)arguments[0], (CelList)arguments[1]) && Contains((CelList)arguments[1], (CelList)arguments[0]), Costs.ItemsTimesItems);
        table.Function("sets.intersects", [list, list], CelType.Bool,
            static arguments => ((CelList)arguments[0]).Items().Any(item => Has((CelList)arguments[1], item)), Costs.ItemsTimesItems);
    }

    private static bool Contains(CelList list, CelList other) => other.Items().All(item => Has(list, item));

    private static bool Has(CelList list, object item) => list.Items().Any(other => CelValues.Equal(item, other));
}
