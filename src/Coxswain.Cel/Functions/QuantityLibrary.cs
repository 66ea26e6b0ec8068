using Coxswain.Cel.Types;
using Coxswain.Cel.Values;

namespace Coxswain.Cel.Functions;

/// <summary>Kubernetes' functions of quantities.</summary>
internal static class QuantityLibrary
{
    private static readonly CelType Quantity = CelQuantity.QuantityType;

    public static void AddTo(FunctionTable table)
    {
        table.Type(Quantity);
        table.Function("quantity", [CelType.String], Quantity, static arguments => CelQuantity.Parse((string)arguments[0])
            ?? (object)new CelError("quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'"), Costs.FirstText);
        table.Function("isQuantity", [CelType.String], CelType.Bool, static arguments => CelQuantity.Parse((string)arguments[0]) is not null, Costs.FirstText);
        table.Method("sign", [Quantity], CelType.Int, static arguments => (long)Of(arguments, 0).Billionths.Sign);
        table.Method("isInteger", [Quantity], CelType.Bool, static arguments => Of(arguments, 0).IsInteger && Fits(Of(arguments, 0)));
        table.Method("asInteger", [Quantity], CelType.Int, static arguments =>
            Of(arguments, 0) is { IsInteger: true } quantity && Fits(quantity) ? (long)quantity.Whole : new CelError("cannot convert value to integer"));
        table.Method("asApproximateFloat", [Quantity], CelType.Double, static arguments => Of(arguments, 0).Approximate);
        table.Method("add", [Quantity, Quantity], Quantity, static arguments => new CelQuantity(Of(arguments, 0).Billionths + Of(arguments, 1).Billionths));
        table.Method("add", [Quantity, CelType.Int], Quantity, static arguments => new CelQuantity(Of(arguments, 0).Billionths + CelQuantity.Of((long)arguments[1]).Billionths));
        table.Method("sub", [Quantity, Quantity], Quantity, static arguments => new CelQuantity(Of(arguments, 0).Billionths - Of(arguments, 1).Billionths));
        table.Method("sub", [Quantity, CelType.Int], Quantity, static arguments => new CelQuantity(Of(arguments, 0).Billionths - CelQuantity.Of((long)arguments[1]).Billionths));
        table.Method("compareTo", [Quantity, Quantity], CelType.Int, static arguments => (long)Order(arguments));
        table.Method("isGreaterThan", [Quantity, Quantity], CelType.Bool, static arguments => Order(arguments) > 0);
        table.Method("isLessThan", [Quantity, Quantity], CelType.Bool, static arguments => Order(arguments) < 0);
    }

    private static CelQuantity Of(object[] arguments, int index) => (CelQuantity)arguments[index];

    private static bool Fits(CelQuantity quantity) => quantity.Whole >= long.MinValue && quantity.Whole <= long.MaxValue;

    private static int Order(object[] arguments) => Math.Sign(Of(arguments, 0).Billionths.CompareTo(Of(arguments, 1).Billionths));
}
