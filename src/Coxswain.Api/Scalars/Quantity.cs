using System.Buffers;
using System.Globalization;
using System.Numerics;

namespace Coxswain.Api;

/// <summary>
/// An amount of a resource: a decimal number with an SI (<c>m k M</c>), binary (<c>Ki Mi</c>) or exponent (<c>e3</c>) suffix.
/// Keeps the text it was written with, as long as that is how Kubernetes would write it.
/// See https://kubernetes.io/docs/reference/kubernetes-api/common-definitions/quantity/.
/// </summary>
public readonly struct Quantity : IEquatable<Quantity>, IComparable<Quantity>
{
    private static readonly SearchValues<char> NumberCharacters = SearchValues.Create("+-.0123456789");

    private static readonly (string Suffix, decimal Factor)[] Suffixes =
    [
        ("n", 1e-9m), ("u", 1e-6m), ("m", 1e-3m), ("k", 1e3m), ("M", 1e6m), ("G", 1e9m), ("T", 1e12m), ("P", 1e15m), ("E", 1e18m),
        ("Ki", 1024m), ("Mi", 1048576m), ("Gi", 1073741824m), ("Ti", 1099511627776m), ("Pi", 1125899906842624m), ("Ei", 1152921504606846976m),
    ];

    private readonly string? _text;

    internal static string ParseError(string text) =>
        "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'";

    private Quantity(decimal value, string text)
    {
        Value = value;
        _text = text;
    }

    /// <summary>The amount in base units (cores, bytes, items).</summary>
    public decimal Value { get; }

    /// <summary>The amount in thousandths of the base unit, rounded up: how CPU is compared.</summary>
    public long MilliValue => (long)Math.Ceiling(Value * 1000);

    /// <summary>The amount in whole base units, rounded up.</summary>
    public long LongValue => (long)Math.Ceiling(Value);

    public bool IsZero => Value == 0;

    public static Quantity FromMilli(long milli) =>
        milli % 1000 == 0 ? new(milli / 1000, (milli / 1000).ToString(CultureInfo.InvariantCulture)) : new(milli / 1000m, $"{milli}m");

    public static Quantity FromValue(long value) => new(value, value.ToString(CultureInfo.InvariantCulture));

    /// <summary>A number of bytes, written in the largest binary unit that holds it exactly.</summary>
    public static Quantity FromBytes(long bytes)
    {
        for (var i = Suffixes.Length - 1; i >= 9; i--)
        {
            var (suffix, factor) = Suffixes[i];
            if (bytes != 0 && bytes % (BigInteger)factor == 0)
            {
                return new(bytes, $"{bytes / (long)factor}{suffix}");
            }
        }

        return FromValue(bytes);
    }

    public static Quantity Parse(string text) =>
        TryParse(text, out var quantity) ? quantity : throw new FormatException($"\"{text}\" is not a quantity");

    public static bool TryParse(string? text, out Quantity quantity)
    {
        quantity = default;
        if (string.IsNullOrEmpty(text))
        {
            return false;
        }

        var end = text.AsSpan().IndexOfAnyExcept(NumberCharacters);
        var number = end < 0 ? text : text[..end];
        var suffix = end < 0 ? "" : text[end..];
        if (!decimal.TryParse(number, NumberStyles.AllowLeadingSign | NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var value))
        {
            return false;
        }

        if (!TryFactor(suffix, out var factor))
        {
            return false;
        }

        try
        {
            quantity = new(value * factor, text);
            return true;
        }
        catch (OverflowException)
        {
            return false;
        }
    }

    public static Quantity operator +(Quantity left, Quantity right) => From(left.Value + right.Value, left._text ?? right._text);

    public static Quantity operator -(Quantity left, Quantity right) => From(left.Value - right.Value, left._text ?? right._text);

    public static bool operator ==(Quantity left, Quantity right) => left.Equals(right);

    public static bool operator !=(Quantity left, Quantity right) => !left.Equals(right);

    public static bool operator <(Quantity left, Quantity right) => left.Value < right.Value;

    public static bool operator >(Quantity left, Quantity right) => left.Value > right.Value;

    public static bool operator <=(Quantity left, Quantity right) => left.Value <= right.Value;

    public static bool operator >=(Quantity left, Quantity right) => left.Value >= right.Value;

    public int CompareTo(Quantity other) => Value.CompareTo(other.Value);

    public bool Equals(Quantity other) => Value == other.Value;

    public override bool Equals(object? obj) => obj is Quantity other && Equals(other);

    public override int GetHashCode() => Value.GetHashCode();

    public override string ToString() => _text ?? "0";

    private static Quantity From(decimal value, string? style) =>
        style?.EndsWith('i') == true && value == decimal.Truncate(value) && Math.Abs(value) < long.MaxValue ? FromBytes((long)value)
        : value * 1000 == decimal.Truncate(value * 1000) && Math.Abs(value) < long.MaxValue / 1000 ? FromMilli((long)(value * 1000))
        : new(value, value.ToString(CultureInfo.InvariantCulture));

    private static bool TryFactor(string suffix, out decimal factor)
    {
        factor = 1;
        if (suffix.Length == 0)
        {
            return true;
        }

        foreach (var (known, size) in Suffixes)
        {
            if (suffix == known)
            {
                factor = size;
                return true;
            }
        }

        if (suffix[0] is 'e' or 'E' && int.TryParse(suffix.AsSpan(1), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var exponent)
            && Math.Abs(exponent) <= 18)
        {
            factor = (decimal)Math.Pow(10, exponent);
            return true;
        }

        return false;
    }
}
