using System.Globalization;

namespace Coxswain.Api.Schedules;

/// <summary>One field of a schedule: the values it names, as bits.</summary>
internal readonly record struct CronField(ulong Values, bool IsAny)
{
    public bool Contains(int value) => (Values & (1UL << value)) != 0;

    public static bool TryParse(string text, CronFieldRange range, out CronField field, out string error)
    {
        (field, error) = (default, "");
        foreach (var part in text.Split(','))
        {
            if (!TryParsePart(part, range, out var values, out var isAny, out error))
            {
                return false;
            }

            field = new CronField(field.Values | values, field.IsAny || isAny);
        }

        return true;
    }

    /// <summary>A value, a range, everything, each of them with a step.</summary>
    private static bool TryParsePart(string part, CronFieldRange range, out ulong values, out bool isAny, out string error)
    {
        (values, isAny, error) = (0, false, "");
        var stepped = part.Split('/');
        var ends = stepped[0].Split('-');
        var step = 1;
        if (stepped.Length > 2 || ends.Length > 2)
        {
            error = $"too many {(stepped.Length > 2 ? "slashes" : "hyphens")}: {part}";
            return false;
        }

        int first, last;
        if (stepped[0] is "*" or "?")
        {
            (first, last) = (range.Least, range.Most);
            isAny = stepped.Length == 1;
        }
        else if (!TryParseValue(ends[0], range, out first) || !TryParseValue(ends[^1], range, out last))
        {
            error = $"failed to parse int from {stepped[0]}";
            return false;
        }
        else if (stepped.Length == 2 && ends.Length == 1)
        {
            last = range.Most;
        }

        if (stepped.Length == 2 && (!TryParseNumber(stepped[1], out step) || step == 0))
        {
            error = $"step of range should be a positive number: {part}";
            return false;
        }

        if (first < range.Least || last > range.Most || first > last)
        {
            error = first < range.Least ? $"beginning of range ({first}) below minimum ({range.Least}): {part}"
                : last > range.Most ? $"end of range ({last}) above maximum ({range.Most}): {part}"
                : $"beginning of range ({first}) beyond end of range ({last}): {part}";
            return false;
        }

        for (var value = first; value <= last && value >= first; value += step)
        {
            values |= 1UL << value;
        }

        return true;
    }

    private static bool TryParseValue(string text, CronFieldRange range, out int value)
    {
        for (var i = 0; i < range.Words.Count; i++)
        {
            if (range.Words[i].Equals(text, StringComparison.OrdinalIgnoreCase))
            {
                value = range.Least + i;
                return true;
            }
        }

        return TryParseNumber(text, out value);
    }

    private static bool TryParseNumber(string text, out int value) => int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out value);
}
