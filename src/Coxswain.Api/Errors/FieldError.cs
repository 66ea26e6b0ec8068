using System.Globalization;
using System.Text;
using Coxswain.Api.Json;
using Coxswain.Api.Scalars;

namespace Coxswain.Api.Errors;

/// <summary>What is wrong with a field; the names are those of the causes in a Status.</summary>
public enum FieldErrorType
{
    Required,
    Invalid,
    NotSupported,
    Duplicate,
    Forbidden,
    NotFound,
    TooLong,
    TooMany,
    TypeInvalid,
}

/// <summary>One field of an object that breaks a rule.</summary>
/// <param name="Field">The path as Kubernetes writes it: <c>spec.containers[0].image</c>.</param>
/// <param name="BadValue">What was found: a string, number, boolean, or an object shown by its text; null for none.</param>
/// <param name="Detail">The rule that is broken.</param>
public sealed record FieldError(FieldErrorType Type, string Field, object? BadValue, string Detail)
{
    /// <summary>The cause's reason: <c>FieldValueInvalid</c>.</summary>
    public string Reason => Type == FieldErrorType.TypeInvalid ? "FieldValueTypeInvalid" : $"FieldValue{Type}";

    /// <summary>The message without the field.</summary>
    public string Body => Type switch
    {
        FieldErrorType.Required => WithDetail("Required value"),
        FieldErrorType.Forbidden => WithDetail("Forbidden"),
        FieldErrorType.TooLong => WithDetail("Too long"),
        FieldErrorType.TooMany => WithDetail($"Too many: {Format(BadValue)}"),
        FieldErrorType.Duplicate => WithDetail($"Duplicate value: {Format(BadValue)}"),
        FieldErrorType.NotFound => WithDetail($"Not found: {Format(BadValue)}"),
        FieldErrorType.NotSupported => WithDetail($"Unsupported value: {Format(BadValue)}"),
        _ => WithDetail($"Invalid value: {Format(BadValue)}"),
    };

    public static FieldError Required(string field, string detail = "") => new(FieldErrorType.Required, field, null, detail);

    public static FieldError Invalid(string field, object? value, string detail) => new(FieldErrorType.Invalid, field, value, detail);

    public static FieldError Duplicate(string field, object? value) => new(FieldErrorType.Duplicate, field, value, "");

    public static FieldError Forbidden(string field, string detail) => new(FieldErrorType.Forbidden, field, null, detail);

    public static FieldError NotFound(string field, object? value) => new(FieldErrorType.NotFound, field, value, "");

    public static FieldError TooLong(string field, int maxBytes) =>
        new(FieldErrorType.TooLong, field, null, $"may not be more than {maxBytes} bytes");

    public static FieldError TooMany(string field, int actual, int max) =>
        new(FieldErrorType.TooMany, field, actual, $"must have at most {max} items");

    public static FieldError NotSupported(string field, object? value, IEnumerable<string> supported) =>
        new(FieldErrorType.NotSupported, field, value, "supported values: " + string.Join(", ", supported.Order(StringComparer.Ordinal).Select(Quote)));

    public override string ToString() => Field.Length == 0 ? Body : $"{Field}: {Body}";

    /// <summary>A string as Go's <c>%q</c> writes it.</summary>
    internal static string Quote(string text)
    {
        var result = new StringBuilder(text.Length + 2).Append('"');
        foreach (var c in text)
        {
            _ = c switch
            {
                '"' => result.Append("\\\""),
                '\\' => result.Append("\\\\"),
                '\n' => result.Append("\\n"),
                '\r' => result.Append("\\r"),
                '\t' => result.Append("\\t"),
                < ' ' or '\x7f' => result.Append(CultureInfo.InvariantCulture, $"\\x{(int)c:x2}"),
                _ => result.Append(c),
            };
        }

        return result.Append('"').ToString();
    }

    private static string Format(object? value) => value switch
    {
        null => "null",
        string text => Quote(text),
        bool truth => truth ? "true" : "false",
        Quantity quantity => Quote(quantity.ToString()),
        IntOrString { IsString: true } text => Quote(text.StringValue),
        IKubeType kube => kube.ToString()!,
        IFormattable number => number.ToString(null, CultureInfo.InvariantCulture),
        _ => value.ToString() ?? "null",
    };

    private string WithDetail(string message) => Detail.Length == 0 ? message : $"{message}: {Detail}";
}
