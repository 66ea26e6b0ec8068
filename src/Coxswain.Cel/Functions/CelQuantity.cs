using System.Globalization;
using System.Numerics;
using Coxswain.Cel.Types;
using Coxswain.Cel.Values;

namespace Coxswain.Cel.Functions;

/// <summary>An amount as Kubernetes writes it (<c>1.5Gi</c>, <c>200m</c>), to the billionth.</summary>
internal sealed record CelQuantity(BigInteger Billionths) : CelOpaque
{
    public static readonly CelType QuantityType = CelType.Opaque("kubernetes.Quantity");

    /// <summary>Longer ones are written by nobody, and cost more the longer they are.</summary>
    private const int MaxLength = 64;

    private static readonly BigInteger One = 1_000_000_000;

    public override CelType Type => QuantityType;

    public bool IsInteger => Billionths % One == 0;

    public BigInteger Whole => Billionths / One;

    public double Approximate => (double)Billionths / 1e9;

    public static CelQuantity Of(long number) => new(number * One);

    public static CelQuantity? Parse(string text)
    {
        if (text.Length is 0 or > MaxLength)
        {
            return null;
        }

        var end = text[0] is '+' or '-' ? 1 : 0;
        var start = end;
        while (end < text.Length && (char.IsAsciiDigit(text[end]) || text[end] == '.'))
        {
            end++;
        }

        var number = text.AsSpan(start, end - start);
        var point = number.IndexOf('.');
        var digits = point < 0 ? number.ToString() : string.Concat(number[..point], number[(point + 1)..]);
        if (digits.Length == 0 || digits.Contains('.') || Scale(text[end..]) is not { } scale)
        {
            return null;
        }

        var decimals = point < 0 ? 0 : number.Length - point - 1;
        var value = BigInteger.Parse(digits, NumberStyles.None, CultureInfo.InvariantCulture) * One * BigInteger.Pow(2, scale.Twos);
        var tens = scale.Tens - decimals;
        if (tens >= 0)
        {
            value *= BigInteger.Pow(10, tens);
        }
        else
        {
            // What is finer than the last place counts as one there.
            value = BigInteger.DivRem(value, BigInteger.Pow(10, -tens), out var rest) + (rest.IsZero ? 0 : 1);
        }

        return new CelQuantity(text[0] == '-' ? -value : value);
    }

    private static (int Tens, int Twos)? Scale(string suffix)
    {
        (int, int)? known = suffix switch
        {
            "n" => (-9, 0), "u" => (-6, 0), "m" => (-3, 0), "" => (0, 0), "k" => (3, 0), "M" => (6, 0), "G" => (9, 0), "T" => (12, 0),
            "P" => (15, 0), "E" => (18, 0), "Ki" => (0, 10), "Mi" => (0, 20), "Gi" => (0, 30), "Ti" => (0, 40), "Pi" => (0, 50), "Ei" => (0, 60),
            _ => null,
        };
        return known ?? (suffix[0] is 'e' or 'E' && suffix.Length <= 4 && int.TryParse(suffix.AsSpan(1), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var exponent)
            && Math.Abs(exponent) <= 100 ? (exponent, 0) : null);
    }
}
