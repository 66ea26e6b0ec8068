using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text.RegularExpressions;
using Coxswain.Api.Scalars;

namespace Coxswain.Api.Schemata;

/// <summary>The formats of strings that Kubernetes checks in custom resources; any other means nothing.</summary>
internal static partial class StringFormats
{
    /// <summary>False when the format is known and the text is not of it.</summary>
    public static bool Accepts(string format, string text) => format.Replace("-", "", StringComparison.Ordinal) switch
    {
        "date" => DateOnly.TryParseExact(text, "yyyy-MM-dd", CultureInfo.InvariantCulture, DateTimeStyles.None, out _),
        "datetime" => KubeTime.TryParse(text, out _),
        "duration" => KubeDuration.TryParse(text, out _) || WordedDuration().IsMatch(text),
        "byte" => System.Buffers.Text.Base64.IsValid(text),
        "ipv4" => IsAddress(text, AddressFamily.InterNetwork) && text.Count('.') == 3,
        "ipv6" => IsAddress(text, AddressFamily.InterNetworkV6) && !text.Contains('%'),
        "cidr" => IsCidr(text),
        "hostname" => text.Length is > 0 and <= 255 && Hostname().IsMatch(text),
        "uri" => Uri.TryCreate(text, UriKind.Absolute, out _) || text.StartsWith('/'),
        "email" => Email().IsMatch(text),
        "mac" => Mac().IsMatch(text),
        "uuid" => Uuid().IsMatch(text),
        "uuid3" => Uuid().IsMatch(text) && Version(text) == '3',
        "uuid4" => Uuid().IsMatch(text) && Version(text) == '4',
        "uuid5" => Uuid().IsMatch(text) && Version(text) == '5',
        "bsonobjectid" => text.Length == 24 && text.All(char.IsAsciiHexDigit),
        "hexcolor" => HexColor().IsMatch(text),
        "rgbcolor" => RgbColor().IsMatch(text),
        "creditcard" => CreditCard().IsMatch(text),
        "isbn" => IsIsbn10(text) || IsIsbn13(text),
        "isbn10" => IsIsbn10(text),
        "isbn13" => IsIsbn13(text),
        "ssn" => Ssn().IsMatch(text),
        _ => true,
    };

    private static bool IsAddress(string text, AddressFamily family) =>
        IPAddress.TryParse(text, out var address) && address.AddressFamily == family;

    private static bool IsCidr(string text)
    {
        var slash = text.IndexOf('/');
        return slash > 0 && IPAddress.TryParse(text.AsSpan(0, slash), out var address)
            && (address.AddressFamily == AddressFamily.InterNetworkV6 || text.AsSpan(0, slash).Count('.') == 3)
            && byte.TryParse(text.AsSpan(slash + 1), NumberStyles.None, CultureInfo.InvariantCulture, out var bits)
            && bits <= (address.AddressFamily == AddressFamily.InterNetwork ? 32 : 128);
    }

    private static char Version(string uuid) => uuid.Replace("-", "", StringComparison.Ordinal)[12];

    private static bool IsIsbn10(string text)
    {
        var digits = Compact(text);
        if (digits.Length != 10 || digits.AsSpan(0, 9).ContainsAnyExceptInRange('0', '9')
            || digits[9] is not ('X' or (>= '0' and <= '9')))
        {
            return false;
        }

        var sum = 0;
        for (var i = 0; i < 10; i++)
        {
            sum += (10 - i) * (digits[i] == 'X' ? 10 : digits[i] - '0');
        }

        return sum % 11 == 0;
    }

    private static bool IsIsbn13(string text)
    {
        var digits = Compact(text);
        if (digits.Length != 13 || digits.AsSpan().ContainsAnyExceptInRange('0', '9'))
        {
            return false;
        }

        var sum = 0;
        for (var i = 0; i < 13; i++)
        {
            sum += (i % 2 == 0 ? 1 : 3) * (digits[i] - '0');
        }

        return sum % 10 == 0;
    }

    private static string Compact(string text) =>
        text.Length > 32 ? ""
            : text.Replace("-", "", StringComparison.Ordinal).Replace(" ", "", StringComparison.Ordinal);

    [GeneratedRegex(@"\A(\d+\s*(ns|us|µs|ms|s|sec|secs|m|min|mins|h|hr|hrs|hour|hours|d|day|days|w|week|weeks)\s*)+\z",
        RegexOptions.NonBacktracking)]
    private static partial Regex WordedDuration();

    [GeneratedRegex(@"\A([a-zA-Z0-9\u0080-\uffff]([-a-zA-Z0-9_\u0080-\uffff]{0,62})\.?)+\z",
        RegexOptions.NonBacktracking)]
    private static partial Regex Hostname();

    [GeneratedRegex(@"\A[^\s@<>""]+@[^\s@<>""]+\z", RegexOptions.NonBacktracking)]
    private static partial Regex Email();

    [GeneratedRegex(
        @"\A([0-9a-fA-F]{2}([:-])([0-9a-fA-F]{2}[:-]){4}[0-9a-fA-F]{2}|([0-9a-fA-F]{4}\.){2}[0-9a-fA-F]{4})\z",
            RegexOptions.NonBacktracking)]
    private static partial Regex Mac();

    [GeneratedRegex(@"\A[0-9a-fA-F]{8}-?[0-9a-fA-F]{4}-?[0-9a-fA-F]{4}-?[0-9a-fA-F]{4}-?[0-9a-fA-F]{12}\z",
        RegexOptions.NonBacktracking)]
    private static partial Regex Uuid();

    [GeneratedRegex(@"\A#?([0-9a-fA-F]{3}|[0-9a-fA-F]{6})\z", RegexOptions.NonBacktracking)]
    private static partial Regex HexColor();

    [GeneratedRegex(@"\Argb\(\s*\d{1,3}\s*,\s*\d{1,3}\s*,\s*\d{1,3}\s*\)\z", RegexOptions.NonBacktracking)]
    private static partial Regex RgbColor();

    [GeneratedRegex(@"\A[0-9][0-9 -]{11,22}[0-9]\z", RegexOptions.NonBacktracking)]
    private static partial Regex CreditCard();

    [GeneratedRegex(@"\A\d{3}[- ]?\d{2}[- ]?\d{4}\z", RegexOptions.NonBacktracking)]
    private static partial Regex Ssn();
}
