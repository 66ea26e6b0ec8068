using System.Globalization;
using System.Text;
using Coxswain.Cel.Types;
using Coxswain.Cel.Values;

namespace Coxswain.Cel.Functions;

/// <summary>From one type to another: a value that has no counterpart is an error.</summary>
internal static class ConversionFunctions
{
    private static readonly UTF8Encoding Strict = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    public static void AddTo(FunctionTable table)
    {
        Add(table, "int", CelType.Int, ToInt, CelType.Int, CelType.Uint, CelType.Double, CelType.String, CelType.Timestamp, CelType.Duration);
        Add(table, "uint", CelType.Uint, ToUint, CelType.Uint, CelType.Int, CelType.Double, CelType.String);
        Add(table, "double", CelType.Double, ToDouble, CelType.Double, CelType.Int, CelType.Uint, CelType.String);
        Add(table, "bool", CelType.Bool, ToBool, CelType.Bool, CelType.String);
        Add(table, "string", CelType.String, ToText,
            CelType.String, CelType.Bool, CelType.Int, CelType.Uint, CelType.Double, CelType.Bytes, CelType.Timestamp, CelType.Duration);
        Add(table, "bytes", CelType.Bytes, static value => value is string text ? Encoding.UTF8.GetBytes(text) : value, CelType.Bytes, CelType.String);
        Add(table, "timestamp", CelType.Timestamp, ToTimestamp, CelType.Timestamp, CelType.String, CelType.Int);
        Add(table, "duration", CelType.Duration, ToDuration, CelType.Duration, CelType.String);
        var any = CelType.Parameter("A");
        table.Function("dyn", [any], CelType.Dyn, static arguments => arguments[0]);
        table.Function("type", [any], CelType.Type(any), static arguments => CelValues.TypeOf(arguments[0]));
    }

    private static void Add(FunctionTable table, string name, CelType result, Func<object, object> convert, params CelType[] from)
    {
        foreach (var type in from)
        {
            table.Function(name, [type], result, arguments => convert(arguments[0]), type == CelType.String || type == CelType.Bytes ? Costs.FirstText : null);
        }
    }

    private static object ToInt(object value) => value switch
    {
        long => value,
        ulong number => number <= long.MaxValue ? (long)number : CelError.Range,
        double number => number is > -9223372036854775808.0 and < 9223372036854775808.0 ? (long)number : CelError.Range,
        string text => long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number) ? number : Unparsed(text, "int"),
        CelTimestamp time => time.Seconds,
        CelDuration duration => duration.Nanoseconds >= long.MinValue && duration.Nanoseconds <= long.MaxValue ? (long)duration.Nanoseconds : CelError.Range,
        _ => CelError.NoOverload,
    };

    private static object ToUint(object value) => value switch
    {
        ulong => value,
        long number => number >= 0 ? (ulong)number : CelError.Range,
        double number => number is >= 0 and < 18446744073709551616.0 ? (ulong)number : CelError.Range,
        string text => ulong.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : Unparsed(text, "uint"),
        _ => CelError.NoOverload,
    };

    private static object ToDouble(object value) => value switch
    {
        double => value,
        long number => (double)number,
        ulong number => (double)number,
        string text => double.TryParse(text, NumberStyles.Float & ~NumberStyles.AllowLeadingWhite & ~NumberStyles.AllowTrailingWhite, CultureInfo.InvariantCulture, out var number)
            ? number : Unparsed(text, "double"),
        _ => CelError.NoOverload,
    };

    private static object ToBool(object value) => value switch
    {
        bool => value,
        "1" or "t" or "T" or "true" or "TRUE" or "True" => true,
        "0" or "f" or "F" or "false" or "FALSE" or "False" => false,
        string text => Unparsed(text, "bool"),
        _ => CelError.NoOverload,
    };

    private static object ToText(object value)
    {
        if (value is not byte[] bytes)
        {
            return CelText.Of(value);
        }

        try
        {
            return Strict.GetString(bytes);
        }
        catch (DecoderFallbackException)
        {
            return new CelError("invalid UTF-8 in bytes, cannot convert to string");
        }
    }

    private static object ToTimestamp(object value) => value switch
    {
        CelTimestamp => value,
        string text => CelTimestamp.Parse(text) ?? (object)Unparsed(text, "timestamp, or out of range"),
        long seconds => CelTimestamp.OfSeconds(seconds) is { IsInRange: true } time ? time : CelError.Range,
        _ => CelError.NoOverload,
    };

    private static object ToDuration(object value) => value switch
    {
        CelDuration => value,
        string text => CelDuration.Parse(text) ?? (object)Unparsed(text, "duration, or out of range"),
        _ => CelError.NoOverload,
    };

    private static CelError Unparsed(string text, string type) => new($"type conversion error: {(text.Length > 100 ? text[..100] + "..." : text)} is not a {type}");
}
