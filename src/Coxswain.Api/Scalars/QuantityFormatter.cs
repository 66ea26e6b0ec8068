using System.Globalization;

namespace Coxswain.Api.Scalars;

/// <summary>Writes quantities in their canonical form.</summary>
internal static class QuantityFormatter
{
    private static readonly string[] BinarySuffixes = ["", "Ki", "Mi", "Gi", "Ti", "Pi", "Ei"];

    private static readonly (int Exponent, string Suffix)[] DecimalSuffixes =
    [
        (18, "E"), (15, "P"), (12, "T"), (9, "G"), (6, "M"), (3, "k"), (0, ""), (-3, "m"), (-6, "u"), (-9, "n"),
    ];

    public static string Format(decimal value, QuantityFormat format)
    {
        if (value == 0)
        {
            return "0";
        }

        // Below 1 KiB, or with a fraction, binary suffixes say nothing.
        if (format == QuantityFormat.BinarySI && Math.Abs(value) >= 1024 && decimal.Truncate(value) == value)
        {
            return Binary(value);
        }

        foreach (var (exponent, suffix) in DecimalSuffixes)
        {
            var scaled = Scale(value, exponent);
            if (decimal.Truncate(scaled) == scaled)
            {
                return scaled.ToString("0", CultureInfo.InvariantCulture)
                    + (format != QuantityFormat.DecimalExponent ? suffix : exponent == 0 ? "" : $"e{exponent}");
            }
        }

        // Unreachable: values are whole nanos.
        return value.ToString(CultureInfo.InvariantCulture);
    }

    private static string Binary(decimal value)
    {
        var suffix = 0;
        while (suffix < BinarySuffixes.Length - 1 && value % 1024 == 0)
        {
            value /= 1024;
            suffix++;
        }

        return value.ToString("0", CultureInfo.InvariantCulture) + BinarySuffixes[suffix];
    }

    private static decimal Scale(decimal value, int exponent)
    {
        for (; exponent > 0; exponent -= 3)
        {
            // Not divisible: the quotient would only be rounded.
            if (value % 1000 != 0)
            {
                return 0.5m;
            }

            value /= 1000;
        }

        for (; exponent < 0; exponent += 3)
        {
            value *= 1000;
        }

        return value;
    }
}
