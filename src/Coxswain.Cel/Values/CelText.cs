using System.Globalization;
using System.Text;

namespace Coxswain.Cel.Values;

/// <summary>Texts of values: as <c>string()</c> makes them, and as messages show them.</summary>
internal static class CelText
{
    public static string Of(object value) => value switch
    {
        string text => text,
        bool truth => truth ? "true" : "false",
        long number => number.ToString(CultureInfo.InvariantCulture),
        ulong number => number.ToString(CultureInfo.InvariantCulture),
        double number => Of(number),
        byte[] bytes => Encoding.UTF8.GetString(bytes),
        CelList list => $"[{string.Join(", ", list.Items().Take(100).Select(Of))}]",
        CelMap map => $"{{{string.Join(", ", map.Keys.Take(100).Select(key => $"{Of(key)}: {Of(map.Find(key) ?? CelNull.Value)}"))}}}",
        _ => value.ToString() ?? "",
    };

    /// <summary>As Go's %g writes numbers.</summary>
    public static string Of(double number)
    {
        if (double.IsNaN(number))
        {
            return "NaN";
        }

        if (double.IsInfinity(number))
        {
            return number > 0 ? "+Inf" : "-Inf";
        }

        if (number == 0)
        {
            return double.IsNegative(number) ? "-0" : "0";
        }

        // The digits that tell the number, and where its point is.
        var shortest = Math.Abs(number).ToString("R", CultureInfo.InvariantCulture);
        var mark = shortest.IndexOf('E');
        var mantissa = mark < 0 ? shortest : shortest[..mark];
        var exponent = mark < 0 ? 0 : int.Parse(shortest.AsSpan(mark + 1), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture);
        var point = mantissa.IndexOf('.');
        var whole = point < 0 ? mantissa.Length : point;
        var all = mantissa.Replace(".", "", StringComparison.Ordinal);
        var digits = all.TrimStart('0');
        exponent += whole - 1 - (all.Length - digits.Length);
        digits = digits.TrimEnd('0');
        var sign = number < 0 ? "-" : "";
        if (exponent is < -4 or >= 6)
        {
            return $"{sign}{digits[0]}{(digits.Length > 1 ? "." : "")}{digits.AsSpan(1)}e{(exponent < 0 ? '-' : '+')}{Math.Abs(exponent):D2}";
        }

        return exponent < 0 ? $"{sign}0.{new string('0', -exponent - 1)}{digits}"
            : digits.Length <= exponent + 1 ? sign + digits.PadRight(exponent + 1, '0') : $"{sign}{digits.AsSpan(0, exponent + 1)}.{digits.AsSpan(exponent + 1)}";
    }

    /// <summary>How many code points a text has.</summary>
    public static int Length(string text)
    {
        var pairs = 0;
        foreach (var character in text)
        {
            pairs += char.IsLowSurrogate(character) ? 1 : 0;
        }

        return text.Length - pairs;
    }

    /// <summary>Whether each character is one code point, so that indexes of both are the same.</summary>
    public static bool IsPlain(string text)
    {
        foreach (var character in text)
        {
            if (char.IsSurrogate(character))
            {
                return false;
            }
        }

        return true;
    }
}
