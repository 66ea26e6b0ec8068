using Coxswain.Cel.Values;

namespace Coxswain.Cel.Functions;

/// <summary>What calls cost whose work grows with their arguments: a tenth of a unit a character or byte, one an item.</summary>
internal static class Costs
{
    public static long OfText(object value) => (CelValues.Size(value) + 9) / 10;

    public static long FirstText(object[] arguments) => 1 + OfText(arguments[0]);

    public static long AllTexts(object[] arguments) => 1 + arguments.Sum(OfText);

    /// <summary>For what may look at the second throughout the first: a search, a regular expression.</summary>
    public static long Product(object[] arguments) => 1 + (Math.Max(1, OfText(arguments[0])) * Math.Max(1, OfText(arguments[1])));

    public static long Items(object[] arguments) => 1 + CelValues.Size(arguments[0]);

    public static long ItemsOfSecond(object[] arguments) => 1 + CelValues.Size(arguments[1]);

    public static long ItemsTimesItems(object[] arguments) => 1 + (CelValues.Size(arguments[0]) * CelValues.Size(arguments[1]));

    /// <summary>For comparisons: what is equal is looked at as a whole.</summary>
    public static long Compared(object[] arguments) => 1 + Math.Min(Weight(arguments[0]), Weight(arguments[1]));

    private static long Weight(object value) => value is string or byte[] ? OfText(value) : CelValues.Size(value);
}
