using System.Buffers;
using System.Globalization;
using System.Text.Json;
using System.Text.RegularExpressions;
using YamlDotNet.Core;
using YamlDotNet.Core.Events;

namespace Coxswain.Api.Decoding;

/// <summary>A string, boolean, long, ulong, double or null.</summary>
internal sealed record YamlScalar(object? Value, int Line) : YamlValue(Line)
{
    /// <summary>The scalar as an object's key; JSON has only strings there.</summary>
    public string Key => Value switch
    {
        null => "null",
        bool truth => truth ? "true" : "false",
        IFormattable number => number.ToString(null, CultureInfo.InvariantCulture),
        _ => (string)Value,
    };

    public void Write(Utf8JsonWriter writer)
    {
        switch (Value)
        {
            case null:
                writer.WriteNullValue();
                break;
            case bool truth:
                writer.WriteBooleanValue(truth);
                break;
            case long number:
                writer.WriteNumberValue(number);
                break;
            case ulong number:
                writer.WriteNumberValue(number);
                break;
            case double number:
                writer.WriteNumberValue(number);
                break;
            default:
                writer.WriteStringValue((string)Value);
                break;
        }
    }
}

/// <summary>
/// What a plain scalar means, as the YAML reader Kubernetes uses has it
/// (https://github.com/kubernetes-sigs/yaml/blob/master/goyaml.v2/resolve.go): YAML 1.1's words for booleans, octal
/// with a leading zero, no numbers in base 60, timestamps left as text.
/// </summary>
internal static partial class YamlScalars
{
    private static readonly SearchValues<string> True =
        SearchValues.Create(["y", "Y", "yes", "Yes", "YES", "true", "True", "TRUE", "on", "On", "ON"], StringComparison.Ordinal);

    private static readonly SearchValues<string> False =
        SearchValues.Create(["n", "N", "no", "No", "NO", "false", "False", "FALSE", "off", "Off", "OFF"], StringComparison.Ordinal);

    private static readonly SearchValues<string> Null = SearchValues.Create(["~", "null", "Null", "NULL"], StringComparison.Ordinal);

    public static YamlScalar Resolve(Scalar scalar, int line)
    {
        var tag = scalar.Tag.IsEmpty || scalar.Tag.IsNonSpecific ? "" : scalar.Tag.Value;
        if (tag is "tag:yaml.org,2002:str" or "tag:yaml.org,2002:binary" || (tag.Length == 0 && scalar.Style != ScalarStyle.Plain))
        {
            return new YamlScalar(scalar.Value, line);
        }

        var value = Plain(scalar.Value);
        if (value is double number && !double.IsFinite(number))
        {
            throw new YamlException(scalar.Start, scalar.End, $"json: unsupported value: {scalar.Value}");
        }

        return new YamlScalar(value is long integer && tag == "tag:yaml.org,2002:float" ? (double)integer : value, line);
    }

    /// <summary>The value of an unquoted scalar: null, a boolean, a long, a ulong, a double, or its own text.</summary>
    public static object? Plain(string text)
    {
        if (text.Length == 0 || Null.Contains(text))
        {
            return null;
        }

        if (True.Contains(text))
        {
            return true;
        }

        if (False.Contains(text))
        {
            return false;
        }

        return text[0] is '.' or '+' or '-' or (>= '0' and <= '9') ? Number(text) ?? text : text;
    }

    private static object? Number(string text)
    {
        switch (text)
        {
            case ".nan" or ".NaN" or ".NAN":
                return double.NaN;
            case ".inf" or ".Inf" or ".INF" or "+.inf" or "+.Inf" or "+.INF":
                return double.PositiveInfinity;
            case "-.inf" or "-.Inf" or "-.INF":
                return double.NegativeInfinity;
        }

        var plain = text.Contains('_', StringComparison.Ordinal) ? text.Replace("_", "", StringComparison.Ordinal) : text;
        return Integer(plain) ?? (FloatPattern().IsMatch(plain) && double.TryParse(plain, NumberStyles.Float, CultureInfo.InvariantCulture, out var number)
            ? number : null);
    }

    /// <summary>Decimal, 0x, 0o, 0b, and octal by a leading zero.</summary>
    private static object? Integer(string text)
    {
        var negative = text[0] == '-';
        var digits = text.AsSpan(text[0] is '-' or '+' ? 1 : 0);
        if (digits.IsEmpty || !char.IsAsciiDigit(digits[0]))
        {
            return null;
        }

        var radix = 10;
        if (digits.Length > 1 && digits[0] == '0')
        {
            (radix, var skip) = digits[1] switch
            {
                'x' or 'X' => (16, 2),
                'o' or 'O' => (8, 2),
                'b' or 'B' => (2, 2),
                _ => (8, 1),
            };
            digits = digits[skip..];
        }

        if (digits.IsEmpty)
        {
            return null;
        }

        UInt128 value = 0;
        foreach (var c in digits)
        {
            var digit = char.IsAsciiHexDigit(c) ? Convert.ToInt32(c.ToString(), 16) : 16;
            if (digit >= radix)
            {
                return null;
            }

            value = (value * (uint)radix) + (uint)digit;
            if (value > ulong.MaxValue)
            {
                return null;
            }
        }

        return negative ? value <= (UInt128)long.MaxValue + 1 ? (long)-(Int128)value : null
            : value <= (UInt128)long.MaxValue ? (long)value
            : (ulong)value;
    }

    [GeneratedRegex(@"^[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?$", RegexOptions.CultureInvariant)]
    private static partial Regex FloatPattern();
}
