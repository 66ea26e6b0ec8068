using System.Globalization;
using System.Text;

namespace Coxswain.Cel.Values;

/// <summary>A span of time, to the nanosecond.</summary>
public readonly record struct CelDuration(Int128 Nanoseconds) : IComparable<CelDuration>
{
    public static readonly Int128 Second = 1_000_000_000;

    private static readonly (string Name, Int128 Nanoseconds)[] Units =
        [("ns", 1), ("us", 1000), ("µs", 1000), ("μs", 1000), ("ms", 1_000_000), ("s", Second), ("m", 60 * Second), ("h", 3600 * Second)];

    /// <summary>Whether Go can hold it: some 292 years either way.</summary>
    public bool IsInRange => Nanoseconds >= long.MinValue && Nanoseconds <= long.MaxValue;

    public static CelDuration? Parse(string text)
    {
        var rest = text.AsSpan();
        var isNegative = rest.StartsWith("-");
        if (isNegative || rest.StartsWith("+"))
        {
            rest = rest[1..];
        }

        if (rest is "0")
        {
            return new CelDuration(0);
        }

        if (rest.IsEmpty || rest.Length > 128)
        {
            return null;
        }

        decimal total = 0;
        while (!rest.IsEmpty)
        {
            var length = 0;
            while (length < rest.Length && (char.IsAsciiDigit(rest[length]) || rest[length] == '.'))
            {
                length++;
            }

            if (!decimal.TryParse(rest[..length], NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var number))
            {
                return null;
            }

            rest = rest[length..];
            var unitLength = 0;
            while (unitLength < rest.Length && !char.IsAsciiDigit(rest[unitLength]) && rest[unitLength] != '.')
            {
                unitLength++;
            }

            var unit = rest[..unitLength].ToString();
            var known = Array.Find(Units, candidate => candidate.Name == unit);
            if (known.Name is null || number > 1_000_000_000_000_000m)
            {
                return null;
            }

            total += number * (decimal)known.Nanoseconds;
            rest = rest[unitLength..];
        }

        var result = new CelDuration((Int128)(isNegative ? -total : total));
        return result.IsInRange ? result : null;
    }

    public static bool operator <(CelDuration left, CelDuration right) => left.CompareTo(right) < 0;

    public static bool operator <=(CelDuration left, CelDuration right) => left.CompareTo(right) <= 0;

    public static bool operator >(CelDuration left, CelDuration right) => left.CompareTo(right) > 0;

    public static bool operator >=(CelDuration left, CelDuration right) => left.CompareTo(right) >= 0;

    public int CompareTo(CelDuration other) => Nanoseconds.CompareTo(other.Nanoseconds);

    /// <summary>In seconds: <c>90s</c>, <c>1.5s</c>.</summary>
    public override string ToString()
    {
        var (seconds, rest) = Int128.DivRem(Int128.Abs(Nanoseconds), Second);
        var text = new StringBuilder(Nanoseconds < 0 ? "-" : "").Append(seconds.ToString(CultureInfo.InvariantCulture));
        if (rest != 0)
        {
            text.Append('.').Append(((long)rest).ToString("D9", CultureInfo.InvariantCulture).TrimEnd('0'));
        }

        return text.Append('s').ToString();
    }
}
