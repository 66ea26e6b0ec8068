using System.Buffers;
using System.Globalization;
using System.Numerics;

namespace Coxswain.Api.Scalars;

/// <summary>Reads quantities: sign, digits with at most one point, and a suffix.</summary>
internal static class QuantityParser
{
    /// <summary>Longer than any amount that is not noise; a number is read in the square of its length.</summary>
    private const int MaxLength = 128;

    private const string BadFormat =
        "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'";

    private static readonly SearchValues<char> SuffixCharacters = SearchValues.Create("eEinumkKMGTP");

    private const string BadSuffix = "unable to parse quantity's suffix";

    public static bool TryParse(string? text, out Quantity quantity, out string error)
    {
        quantity = default;
        error = BadFormat;
        if (string.IsNullOrEmpty(text) || text.Length > MaxLength)
        {
            return false;
        }

        var negative = text[0] == '-';
        var start = text[0] is '-' or '+' ? 1 : 0;
        var end = start;
        var points = 0;
        while (end < text.Length && (char.IsAsciiDigit(text[end]) || text[end] == '.'))
        {
            points += text[end++] == '.' ? 1 : 0;
        }

        if (points > 1 || end - start == points)
        {
            return false;
        }

        if (!TrySuffix(text.AsSpan(end), out var exponent, out var binaryPower, out var format))
        {
            error = IsSuffixText(text.AsSpan(end)) ? BadSuffix : BadFormat;
            return false;
        }

        var value = Amount(text.AsSpan(start, end - start), exponent, binaryPower);
        quantity = new Quantity(negative ? -value : value, format);
        return true;
    }

    private static decimal Amount(ReadOnlySpan<char> digits, int exponent, int binaryPower)
    {
        // Short numbers, the usual ones, need no big arithmetic.
        if (digits.Length <= 9 && exponent is >= -9 and <= 3 && binaryPower <= 3)
        {
            var small = decimal.Parse(digits, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture);
            for (var i = 0; i < binaryPower; i++)
            {
                small *= 1024;
            }

            for (; exponent > 0; exponent--)
            {
                small *= 10;
            }

            for (; exponent < 0; exponent++)
            {
                small /= 10;
            }

            return RoundToNano(small);
        }

        return BigAmount(digits, exponent, binaryPower);
    }

    private static decimal RoundToNano(decimal value)
    {
        var nanos = value / Quantity.Nano;
        var rounded = Math.Ceiling(nanos);
        return nanos == rounded ? value : rounded * Quantity.Nano;
    }

    private static decimal BigAmount(ReadOnlySpan<char> digits, int exponent, int binaryPower)
    {
        var point = digits.IndexOf('.');
        var whole = point < 0 ? digits.ToString() : string.Concat(digits[..point], digits[(point + 1)..]);
        var fraction = point < 0 ? 0 : digits.Length - point - 1;
        var number = whole.Length == 0 ? 0 : BigInteger.Parse(whole, NumberStyles.None, CultureInfo.InvariantCulture);
        if (number.IsZero)
        {
            return 0;
        }

        // The amount in nanos, rounded up; bounds on the power keep the arithmetic finite.
        var power = (long)exponent - fraction + 9;
        if (power + whole.Length > 200)
        {
            return Quantity.MaxValue;
        }

        if (power + whole.Length < -200)
        {
            return Quantity.Nano;
        }

        number *= BigInteger.Pow(1024, binaryPower);
        if (power >= 0)
        {
            number *= BigInteger.Pow(10, (int)power);
        }
        else
        {
            var quotient = BigInteger.DivRem(number, BigInteger.Pow(10, (int)-power), out var rest);
            number = rest.IsZero ? quotient : quotient + 1;
        }

        var max = new BigInteger(long.MaxValue) * 1_000_000_000;
        return number >= max ? Quantity.MaxValue : (decimal)number * Quantity.Nano;
    }

    private static bool TrySuffix(ReadOnlySpan<char> suffix, out int exponent, out int binaryPower, out QuantityFormat format)
    {
        (exponent, binaryPower, format) = (0, 0, QuantityFormat.DecimalSI);
        switch (suffix)
        {
            case "":
                return true;
            case "n":
                exponent = -9;
                return true;
            case "u":
                exponent = -6;
                return true;
            case "m":
                exponent = -3;
                return true;
        }

        if (suffix.Length == 1 && "kMGTPE".IndexOf(suffix[0], StringComparison.Ordinal) is >= 0 and var power)
        {
            exponent = 3 * (power + 1);
            return true;
        }

        if (suffix.Length == 2 && suffix[1] == 'i' && "KMGTPE".IndexOf(suffix[0], StringComparison.Ordinal) is >= 0 and var index)
        {
            (binaryPower, format) = (index + 1, QuantityFormat.BinarySI);
            return true;
        }

        format = QuantityFormat.DecimalExponent;
        return suffix[0] is 'e' or 'E' && suffix.Length > 1
            && int.TryParse(suffix[1..], NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out exponent);
    }

    private static bool IsSuffixText(ReadOnlySpan<char> suffix)
    {
        var letters = suffix.IndexOfAnyExcept(SuffixCharacters);
        if (letters < 0)
        {
            return true;
        }

        var digits = suffix[letters..];
        return !digits[(digits[0] is '-' or '+' ? 1 : 0)..].ContainsAnyExceptInRange('0', '9');
    }
}
