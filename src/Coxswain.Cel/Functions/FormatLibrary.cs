using System.Buffers.Text;
using System.Text.RegularExpressions;
using Coxswain.Cel.Types;
using Coxswain.Cel.Values;

namespace Coxswain.Cel.Functions;

/// <summary>Kubernetes' named formats: a text has one, or is told what is wrong with it.</summary>
internal static partial class FormatLibrary
{
    private static readonly CelType Format = CelFormat.FormatType;

    private static readonly Dictionary<string, (Func<string, bool> Has, string Message)> Known = new(StringComparer.Ordinal)
    {
        ["dns1123Label"] = (text => text.Length <= 63 && Label().IsMatch(text),
            "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character"),
        ["dns1123Subdomain"] = (text => text.Length <= 253 && text.Split('.').All(part => part.Length <= 253 && Label().IsMatch(part)),
            "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character"),
        ["dns1035Label"] = (text => text.Length <= 63 && OldLabel().IsMatch(text),
            "a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an alphabetic character, and end with an alphanumeric character"),
        ["qualifiedName"] = (IsQualifiedName, "name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character"),
        ["labelValue"] = (text => text.Length == 0 || (text.Length <= 63 && Name().IsMatch(text)),
            "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character"),
        ["uri"] = (text => CelUrl.Parse(text) is not null, "invalid URI"),
        ["uuid"] = (text => Uuid().IsMatch(text), "does not match the UUID format"),
        ["byte"] = (text => Base64.IsValid(text), "invalid base64"),
        ["date"] = (text => text.Length == 10 && CelTimestamp.Parse(text + "T00:00:00Z") is not null, "invalid date"),
        ["datetime"] = (text => CelTimestamp.Parse(text) is not null, "invalid datetime"),
    };

    public static void AddTo(FunctionTable table)
    {
        table.Type(Format);
        var texts = CelType.Optional(CelType.List(CelType.String));
        table.Function("format.named", [CelType.String], CelType.Optional(Format),
            static arguments => Find((string)arguments[0]) is { } found ? new CelOptional(found) : CelOptional.None);
        table.Method("validate", [Format, CelType.String], texts, static arguments => Validate((CelFormat)arguments[0], (string)arguments[1]), static arguments => 1 + Costs.OfText(arguments[1]));
        foreach (var name in Known.Keys)
        {
            var format = new CelFormat(name);
            table.Function($"format.{name}", [], Format, _ => format);
        }

        foreach (var name in (ReadOnlySpan<string>)["dns1123Label", "dns1123Subdomain", "dns1035Label"])
        {
            var format = new CelFormat(name + "Prefix");
            table.Function($"format.{name}Prefix", [], Format, _ => format);
        }
    }

    private static CelFormat? Find(string name) => Known.ContainsKey(Base(name, out _)) ? new CelFormat(name) : null;

    private static string Base(string name, out bool isPrefix)
    {
        isPrefix = name.StartsWith("dns", StringComparison.Ordinal) && name.EndsWith("Prefix", StringComparison.Ordinal);
        return isPrefix ? name[..^"Prefix".Length] : name;
    }

    private static CelOptional Validate(CelFormat format, string text)
    {
        var (has, message) = Known[Base(format.Name, out var isPrefix)];

        // Something will come behind a prefix, which may therefore end with a hyphen.
        return has(isPrefix && text.EndsWith('-') ? text + "a" : text) ? CelOptional.None : new CelOptional(CelList.Of(message));
    }

    private static bool IsQualifiedName(string text)
    {
        var slash = text.IndexOf('/');
        var name = slash < 0 ? text : text[(slash + 1)..];
        return name.Length is > 0 and <= 63 && Name().IsMatch(name) && (slash < 0 || (slash is > 0 and <= 253 && text[..slash].Split('.').All(part => Label().IsMatch(part))));
    }

    [GeneratedRegex(@"\A[a-z0-9]([-a-z0-9]*[a-z0-9])?\z", RegexOptions.CultureInvariant)]
    private static partial Regex Label();

    [GeneratedRegex(@"\A[a-z]([-a-z0-9]*[a-z0-9])?\z", RegexOptions.CultureInvariant)]
    private static partial Regex OldLabel();

    [GeneratedRegex(@"\A([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]\z", RegexOptions.CultureInvariant)]
    private static partial Regex Name();

    [GeneratedRegex(@"\A[0-9a-fA-F]{8}-?[0-9a-fA-F]{4}-?[0-9a-fA-F]{4}-?[0-9a-fA-F]{4}-?[0-9a-fA-F]{12}\z", RegexOptions.CultureInvariant)]
    private static partial Regex Uuid();
}
