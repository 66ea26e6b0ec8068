using System.Buffers;
using System.Globalization;
using System.Text;

namespace Coxswain.Api.Scalars;

/// <summary>Durations as Go writes them: <c>1h30m0s</c>, <c>250ms</c>, <c>0s</c>.</summary>
public static class KubeDuration
{
    /// <summary>Longer than any duration that is not noise.</summary>
    private const int MaxLength = 128;

    /// <summary>Go counts nanoseconds in 64 bits.</summary>
    private const double MaxTicks = long.MaxValue / 100;

    private static readonly SearchValues<char> Digits = SearchValues.Create("0123456789.");

    private static readonly (string Unit, double Ticks)[] Units =
    [
        ("ns", 0.01), ("us", TimeSpan.TicksPerMicrosecond), ("µs", TimeSpan.TicksPerMicrosecond), ("ms", TimeSpan.TicksPerMillisecond),
        ("s", TimeSpan.TicksPerSecond), ("m", TimeSpan.TicksPerMinute), ("h", TimeSpan.TicksPerHour),
    ];

    public static bool TryParse(string text, out TimeSpan duration)
    {
        duration = default;
        var negative = text.StartsWith('-');
        var rest = text.AsSpan(negative || text.StartsWith('+') ? 1 : 0);
        if (rest.SequenceEqual("0"))
        {
            return true;
        }

        if (rest.IsEmpty || rest.Length > MaxLength)
        {
            return false;
        }

        double ticks = 0;
        while (!rest.IsEmpty)
        {
            var digits = rest.IndexOfAnyExcept(Digits);
            if (digits <= 0 || !double.TryParse(rest[..digits], NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var number))
            {
                return false;
            }

            rest = rest[digits..];
            var next = rest.IndexOfAny(Digits);
            var unit = next < 0 ? rest : rest[..next];
            var known = false;
            foreach (var (name, size) in Units)
            {
                if (unit.SequenceEqual(name))
                {
                    ticks += number * size;
                    known = true;
                    break;
                }
            }

            if (!known || ticks > MaxTicks)
            {
                return false;
            }

            rest = rest[unit.Length..];
        }

        duration = TimeSpan.FromTicks((long)Math.Round(negative ? -ticks : ticks));
        return true;
    }

    public static string Format(TimeSpan duration)
    {
        if (duration == TimeSpan.Zero)
        {
            return "0s";
        }

        var text = new StringBuilder(duration < TimeSpan.Zero ? "-" : "");
        var value = duration.Duration();
        if (value < TimeSpan.FromSeconds(1))
        {
            return (value < TimeSpan.FromMilliseconds(1)
                ? text.Append(CultureInfo.InvariantCulture, $"{value.TotalMicroseconds:0.###}µs")
                : text.Append(CultureInfo.InvariantCulture, $"{value.TotalMilliseconds:0.####}ms")).ToString();
        }

        var hours = (long)value.TotalHours;
        if (hours > 0)
        {
            text.Append(CultureInfo.InvariantCulture, $"{hours}h");
        }

        if (hours > 0 || value.Minutes > 0)
        {
            text.Append(CultureInfo.InvariantCulture, $"{value.Minutes}m");
        }

        var seconds = (value.Ticks % TimeSpan.TicksPerMinute) / (double)TimeSpan.TicksPerSecond;
        return text.Append(CultureInfo.InvariantCulture, $"{seconds:0.#######}s").ToString();
    }
}
