using System.Globalization;
using System.Numerics;
using System.Text;
using Coxswain.Cel.Values;

namespace Coxswain.Cel.Functions;

/// <summary>The <c>format</c> function: <c>%s %d %f %e %b %o %x %X</c>, with a precision for the floating ones.</summary>
internal static class TextFormat
{
    /// <summary>The most digits behind the point.</summary>
    private const int MostPrecision = 1000;

    private const int DefaultPrecision = 6;

    public static object Format(string format, CelList arguments)
    {
        var result = new StringBuilder();
        var next = 0;
        for (var i = 0; i < format.Length; i++)
        {
            if (format[i] != '%')
            {
                result.Append(format[i]);
                continue;
            }

            if (++i == format.Length)
            {
                return new CelError("unexpected end of string");
            }

            if (format[i] == '%')
            {
                result.Append('%');
                continue;
            }

            if (next == arguments.Count)
            {
                return new CelError($"index {next} out of range");
            }

            var precision = DefaultPrecision;
            if (format[i] == '.')
            {
                var start = ++i;
                while (i < format.Length && char.IsAsciiDigit(format[i]))
                {
                    i++;
                }

                if (i == format.Length || !int.TryParse(format.AsSpan(start, i - start), NumberStyles.None, CultureInfo.InvariantCulture, out precision) || precision > MostPrecision)
                {
                    return new CelError("error while parsing precision");
                }
            }

            if (Clause(format[i], precision, arguments[next++]) is not { } text)
            {
                return new CelError($"could not parse formatting clause: unrecognized formatting clause \"{format[i]}\" or argument of type {CelValues.TypeOf(arguments[next - 1]).Name}");
            }

            result.Append(text);
        }

        return result.ToString();
    }

    private static string? Clause(char clause, int precision, object value) => clause switch
    {
        's' => Shown(value),
        'd' when value is long or ulong => CelText.Of(value),
        'd' when value is double number && !double.IsFinite(number) => Special(number),
        'f' or 'e' when ToDouble(value) is { } number => double.IsFinite(number) ? Floating(number, clause, precision) : Special(number),
        'b' => value switch { bool truth => truth ? "1" : "0", long number => Radix(number, 2), ulong number => Radix(number, 2), _ => null },
        'o' => value switch { long number => Radix(number, 8), ulong number => Radix(number, 8), _ => null },
        'x' or 'X' => (value switch
        {
            long number => Radix(number, 16),
            ulong number => Radix(number, 16),
            string text => Convert.ToHexStringLower(Encoding.UTF8.GetBytes(text)),
            byte[] bytes => Convert.ToHexStringLower(bytes),
            _ => null,
        }) is { } hex ? clause == 'X' ? hex.ToUpperInvariant() : hex : null,
        _ => null,
    };

    private static double? ToDouble(object value) => value switch { double number => number, long number => number, ulong number => number, _ => null };

    private static string Special(double number) => double.IsNaN(number) ? "NaN" : number > 0 ? "Infinity" : "-Infinity";

    private static string Floating(double number, char clause, int precision)
    {
        if (clause == 'f')
        {
            return number.ToString($"F{precision}", CultureInfo.InvariantCulture);
        }

        var text = number.ToString($"E{precision}", CultureInfo.InvariantCulture);
        var mark = text.IndexOf('E');
        return $"{text.AsSpan(0, mark)}e{text[mark + 1]}{text.AsSpan(mark + 2).TrimStart('0').ToString().PadLeft(2, '0')}";
    }

    private static string Radix(BigInteger number, int radix)
    {
        var digits = new StringBuilder();
        for (var rest = BigInteger.Abs(number); rest > 0; rest /= radix)
        {
            digits.Insert(0, "0123456789abcdef"[(int)(rest % radix)]);
        }

        return (number < 0 ? "-" : "") + (digits.Length == 0 ? "0" : digits.ToString());
    }

    private static string? Shown(object value) => value switch
    {
        double number when !double.IsFinite(number) => Special(number),
        CelList list => list.Items().Select(Shown).ToList() is var items && items.Contains(null) ? null : $"[{string.Join(", ", items)}]",
        CelMap map => $"{{{string.Join(", ", map.Keys.Select(key => (Shown(key), Shown(map.Find(key)!))).OrderBy(entry => entry.Item1, StringComparer.Ordinal).Select(entry => $"{entry.Item1}: {entry.Item2}"))}}}", // of its keys
        CelOptional => null,
        _ => CelText.Of(value),
    };
}
