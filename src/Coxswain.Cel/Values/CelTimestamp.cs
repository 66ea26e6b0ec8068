using System.Globalization;
using System.Text.RegularExpressions;

namespace Coxswain.Cel.Values;

/// <summary>A moment, in nanoseconds since 1970, within the years 1 to 9999.</summary>
public readonly partial record struct CelTimestamp(Int128 Nanoseconds) : IComparable<CelTimestamp>
{
    private static readonly Int128 First = -62135596800 * CelDuration.Second;
    private static readonly Int128 Last = (253402300800 * CelDuration.Second) - 1;

    public bool IsInRange => Nanoseconds >= First && Nanoseconds <= Last;

    public long Seconds => (long)((Nanoseconds - Fraction) / CelDuration.Second);

    /// <summary>The nanoseconds within the second.</summary>
    public int Fraction => (int)(((Nanoseconds % CelDuration.Second) + CelDuration.Second) % CelDuration.Second);

    public static CelTimestamp OfSeconds(Int128 seconds) => new(seconds * CelDuration.Second);

    public static CelTimestamp Of(DateTimeOffset time) => new((Int128)(time.UtcTicks - DateTimeOffset.UnixEpoch.Ticks) * 100);

    public static CelTimestamp? Parse(string text)
    {
        var match = Form().Match(text);
        if (!match.Success || !DateTime.TryParseExact(match.Groups["moment"].Value.ToUpperInvariant(), "yyyy-MM-dd'T'HH:mm:ss", CultureInfo.InvariantCulture,
            DateTimeStyles.None, out var moment))
        {
            return null;
        }

        var offset = 0L;
        if (match.Groups["sign"].Success)
        {
            var (hours, minutes) = (int.Parse(match.Groups["hours"].Value, CultureInfo.InvariantCulture), int.Parse(match.Groups["minutes"].Value, CultureInfo.InvariantCulture));
            if (hours > 23 || minutes > 59)
            {
                return null;
            }

            offset = ((hours * 60) + minutes) * (match.Groups["sign"].Value == "-" ? -60L : 60L);
        }

        var fraction = match.Groups["fraction"].Success ? int.Parse(match.Groups["fraction"].Value.PadRight(9, '0')[..9], CultureInfo.InvariantCulture) : 0;
        var seconds = ((moment.Ticks - DateTime.UnixEpoch.Ticks) / TimeSpan.TicksPerSecond) - offset;
        var result = new CelTimestamp(((Int128)seconds * CelDuration.Second) + fraction);
        return result.IsInRange ? result : null;
    }

    /// <summary>The moment on the calendar of a zone: an IANA name or an offset; null when there is no such zone.</summary>
    public DateTime? In(string zone)
    {
        var utc = DateTime.UnixEpoch.AddTicks((Seconds * TimeSpan.TicksPerSecond) + (Fraction / 100));
        if (zone is "" or "UTC" or "Z")
        {
            return utc;
        }

        var match = Offset().Match(zone);
        try
        {
            if (match.Success)
            {
                var offset = new TimeSpan(int.Parse(match.Groups["hours"].Value, CultureInfo.InvariantCulture), int.Parse(match.Groups["minutes"].Value, CultureInfo.InvariantCulture), 0);
                return offset < TimeSpan.FromDays(1) ? (match.Groups["sign"].Value == "-" ? utc - offset : utc + offset) : null;
            }

            return TimeZoneInfo.TryFindSystemTimeZoneById(zone, out var found) ? TimeZoneInfo.ConvertTimeFromUtc(utc, found) : null;
        }
        catch (ArgumentOutOfRangeException)
        {
            // Beyond the calendar on the other side of the zone.
            return null;
        }
    }

    public static bool operator <(CelTimestamp left, CelTimestamp right) => left.CompareTo(right) < 0;

    public static bool operator <=(CelTimestamp left, CelTimestamp right) => left.CompareTo(right) <= 0;

    public static bool operator >(CelTimestamp left, CelTimestamp right) => left.CompareTo(right) > 0;

    public static bool operator >=(CelTimestamp left, CelTimestamp right) => left.CompareTo(right) >= 0;

    public int CompareTo(CelTimestamp other) => Nanoseconds.CompareTo(other.Nanoseconds);

    public override string ToString()
    {
        var text = DateTime.UnixEpoch.AddTicks(Seconds * TimeSpan.TicksPerSecond).ToString("yyyy-MM-dd'T'HH:mm:ss", CultureInfo.InvariantCulture);
        return Fraction == 0 ? text + "Z" : $"{text}.{Fraction.ToString("D9", CultureInfo.InvariantCulture).TrimEnd('0')}Z";
    }

    [GeneratedRegex(@"\A(?<moment>\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d)(\.(?<fraction>\d+))?([Zz]|(?<sign>[+-])(?<hours>\d\d):(?<minutes>\d\d))\z", RegexOptions.CultureInvariant)]
    private static partial Regex Form();

    [GeneratedRegex(@"\A(?<sign>[+-]?)(?<hours>\d\d):(?<minutes>\d\d)\z", RegexOptions.CultureInvariant)]
    private static partial Regex Offset();
}
