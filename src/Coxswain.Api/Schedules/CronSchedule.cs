using System.Diagnostics.CodeAnalysis;
using System.Globalization;

namespace Coxswain.Api.Schedules;

/// <summary>
/// When a CronJob runs: five fields (minute, hour, day of the month, month, day of the week), a name such as
/// <c>@daily</c>, or <c>@every 90m</c>, in the words of https://en.wikipedia.org/wiki/Cron.
/// </summary>
public sealed class CronSchedule
{
    /// <summary>A schedule that names no day of this many years, such as 30 February, never comes.</summary>
    private const int Horizon = 5;

    private static readonly Dictionary<string, string> Names = new(StringComparer.Ordinal)
    {
        ["@yearly"] = "0 0 1 1 *", ["@annually"] = "0 0 1 1 *", ["@monthly"] = "0 0 1 * *", ["@weekly"] = "0 0 * * 0",
        ["@daily"] = "0 0 * * *", ["@midnight"] = "0 0 * * *", ["@hourly"] = "0 * * * *",
    };

    private readonly TimeSpan? _every;
    private readonly CronField _minutes;
    private readonly CronField _hours;
    private readonly CronField _days;
    private readonly CronField _months;
    private readonly CronField _weekdays;

    private CronSchedule(TimeSpan? every, params ReadOnlySpan<CronField> fields)
    {
        _every = every;
        (_minutes, _hours, _days, _months, _weekdays) = fields.Length == 0 ? default : (fields[0], fields[1], fields[2], fields[3], fields[4]);
    }

    /// <param name="error">What is wrong with it, for a user.</param>
    public static bool TryParse(string text, [NotNullWhen(true)] out CronSchedule? schedule, out string error)
    {
        (schedule, error) = (null, "");
        if (text.StartsWith('@'))
        {
            if (text.StartsWith("@every ", StringComparison.Ordinal))
            {
                if (!Scalars.KubeDuration.TryParse(text["@every ".Length..].Trim(), out var period))
                {
                    error = $"failed to parse duration {text}";
                    return false;
                }

                // Whole seconds, and never none.
                schedule = new CronSchedule(TimeSpan.FromSeconds(Math.Max(1, Math.Floor(period.TotalSeconds))));
                return true;
            }

            if (!Names.TryGetValue(text, out var meant))
            {
                error = $"unrecognized descriptor: {text}";
                return false;
            }

            text = meant;
        }

        var parts = text.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries);
        if (parts.Length != 5)
        {
            error = $"expected exactly 5 fields, found {parts.Length.ToString(CultureInfo.InvariantCulture)}: [{string.Join(' ', parts)}]";
            return false;
        }

        var fields = new CronField[5];
        for (var i = 0; i < fields.Length; i++)
        {
            if (!CronField.TryParse(parts[i], CronFieldRange.All[i], out fields[i], out error))
            {
                return false;
            }
        }

        schedule = new CronSchedule(null, fields);
        return true;
    }

    /// <summary>The first time after this one; null when there is none within five years.</summary>
    public DateTimeOffset? Next(DateTimeOffset after, TimeZoneInfo zone)
    {
        if (_every is { } every)
        {
            return WholeSecond(after) + every;
        }

        var time = new DateTimeOffset(after.UtcDateTime.AddTicks(-(after.UtcTicks % TimeSpan.TicksPerMinute)), TimeSpan.Zero).AddMinutes(1);
        var end = after.AddYears(Horizon);
        while (time <= end)
        {
            var local = TimeZoneInfo.ConvertTime(time, zone);
            if (!_months.Contains(local.Month) || !IsDay(local))
            {
                time = NextDay(time, local, zone);
            }
            else if (!_hours.Contains(local.Hour))
            {
                time = time.AddMinutes(60 - local.Minute);
            }
            else if (!_minutes.Contains(local.Minute))
            {
                time = time.AddMinutes(1);
            }
            else
            {
                return time;
            }
        }

        return null;
    }

    private static DateTimeOffset WholeSecond(DateTimeOffset time) => time.AddTicks(-(time.UtcTicks % TimeSpan.TicksPerSecond));

    /// <summary>The first moment of the next local day, which need not be midnight where clocks are changed then.</summary>
    private static DateTimeOffset NextDay(DateTimeOffset time, DateTimeOffset local, TimeZoneInfo zone)
    {
        var day = local.Date;
        var guess = time + (day.AddDays(1) - local.DateTime);
        while (TimeZoneInfo.ConvertTime(guess, zone).Date <= day)
        {
            guess = guess.AddMinutes(15);
        }

        while (TimeZoneInfo.ConvertTime(guess.AddMinutes(-15), zone).Date > day)
        {
            guess = guess.AddMinutes(-15);
        }

        return guess;
    }

    /// <summary>Where both the day of the month and that of the week are restricted, either is enough.</summary>
    private bool IsDay(DateTimeOffset local)
    {
        var (day, weekday) = (_days.Contains(local.Day), _weekdays.Contains((int)local.DayOfWeek));
        return _days.IsAny || _weekdays.IsAny ? day && weekday : day || weekday;
    }
}
