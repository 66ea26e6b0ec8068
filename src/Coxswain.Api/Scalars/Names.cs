namespace Coxswain.Api.Scalars;

/// <summary>The forms of names, each with the messages Kubernetes gives for what breaks it; empty when nothing does.</summary>
public static class Names
{
    public const int MaxLabelLength = 63;
    public const int MaxSubdomainLength = 253;

    private const string LabelMessage =
        "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character"
        + " (e.g. 'my-name',  or '123-abc', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?')";

    private const string SubdomainMessage =
        "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character"
        + " (e.g. 'example.com', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')";

    private const string Label1035Message =
        "a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an alphabetic character, and end with an alphanumeric character"
        + " (e.g. 'my-name',  or 'abc-123', regex used for validation is '[a-z]([-a-z0-9]*[a-z0-9])?')";

    private const string QualifiedNameMessage =
        "must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character"
        + " (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')";

    private const string LabelValueMessage =
        "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character"
        + " (e.g. 'MyValue',  or 'my_value',  or '12345', regex used for validation is '(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')";

    private const string ConfigMapKeyMessage =
        "a valid config key must consist of alphanumeric characters, '-', '_' or '.'"
        + " (e.g. 'key.name',  or 'KEY_NAME',  or 'key-name', regex used for validation is '[-._a-zA-Z0-9]+')";

    private const string EnvVarNameMessage =
        "a valid environment variable name must consist only of printable ASCII characters other than '='";

    public static bool IsLabel(string name) => name.Length is > 0 and <= MaxLabelLength && IsLabelText(name);

    public static bool IsSubdomain(string name) => name.Length is > 0 and <= MaxSubdomainLength && IsSubdomainText(name);

    public static IReadOnlyList<string> LabelErrors(string name) => Check(name, MaxLabelLength, IsLabelText(name), LabelMessage);

    public static IReadOnlyList<string> SubdomainErrors(string name) => Check(name, MaxSubdomainLength, IsSubdomainText(name), SubdomainMessage);

    public static IReadOnlyList<string> Label1035Errors(string name) =>
        Check(name, MaxLabelLength, IsLabelText(name) && char.IsAsciiLetterLower(name[0]), Label1035Message);

    /// <summary>A name that is one part of a URL's path, as the RBAC kinds have.</summary>
    public static IReadOnlyList<string> PathSegmentErrors(string name)
    {
        if (name is "." or "..")
        {
            return [$"may not be '{name}'"];
        }

        var errors = new List<string>();
        foreach (var c in "/%")
        {
            if (name.Contains(c, StringComparison.Ordinal))
            {
                errors.Add($"may not contain '{c}'");
            }
        }

        return errors;
    }

    /// <summary>A label's or annotation's key: <c>name</c> or <c>prefix.example.com/name</c>.</summary>
    public static IReadOnlyList<string> QualifiedNameErrors(string key)
    {
        var slash = key.IndexOf('/');
        if (slash >= 0 && key.IndexOf('/', slash + 1) >= 0)
        {
            return ["a qualified name " + QualifiedNameMessage + " with an optional DNS subdomain prefix and '/' (e.g. 'example.com/MyName')"];
        }

        var name = key[(slash + 1)..];
        if (slash < 0 && name.Length is > 0 and <= MaxLabelLength && IsQualifiedText(name))
        {
            return [];
        }

        var errors = new List<string>();
        if (slash == 0)
        {
            errors.Add("prefix part must be non-empty");
        }
        else if (slash > 0)
        {
            errors.AddRange(SubdomainErrors(key[..slash]).Select(error => "prefix part " + error));
        }

        if (name.Length == 0)
        {
            errors.Add("name part must be non-empty");
        }
        else if (name.Length > MaxLabelLength)
        {
            errors.Add($"name part must be no more than {MaxLabelLength} characters");
        }

        if (!IsQualifiedText(name))
        {
            errors.Add("name part " + QualifiedNameMessage);
        }

        return errors;
    }

    public static IReadOnlyList<string> LabelValueErrors(string value) =>
        Check(value, MaxLabelLength, value.Length == 0 || IsQualifiedText(value), LabelValueMessage);

    public static IReadOnlyList<string> ConfigMapKeyErrors(string key)
    {
        var errors = new List<string>(Check(key, MaxSubdomainLength, key.Length > 0 && !key.AsSpan().ContainsAnyExcept(ConfigKeyCharacters), ConfigMapKeyMessage));
        if (key is ".")
        {
            errors.Add("must not be '.'");
        }
        else if (key is "..")
        {
            errors.Add("must not be '..'");
        }
        else if (key.StartsWith("..", StringComparison.Ordinal))
        {
            errors.Add("must not start with '..'");
        }

        return errors;
    }

    public static IReadOnlyList<string> EnvVarNameErrors(string name) =>
        name.Length > 0 && !name.AsSpan().ContainsAnyExceptInRange(' ', '~') && !name.Contains('=', StringComparison.Ordinal) ? [] : [EnvVarNameMessage];

    /// <summary>A port's name: an IANA service name.</summary>
    public static IReadOnlyList<string> PortNameErrors(string name)
    {
        var errors = new List<string>();
        if (name.Length > 15)
        {
            errors.Add("must be no more than 15 characters");
        }

        if (name.AsSpan().ContainsAnyExcept(PortNameCharacters))
        {
            errors.Add("must contain only alpha-numeric characters (a-z, 0-9), and hyphens (-)");
        }

        if (!name.AsSpan().ContainsAnyInRange('a', 'z'))
        {
            errors.Add("must contain at least one letter (a-z)");
        }

        if (name.Contains("--", StringComparison.Ordinal))
        {
            errors.Add("must not contain consecutive hyphens");
        }

        if (name.StartsWith('-') || name.EndsWith('-'))
        {
            errors.Add("must not begin or end with a hyphen");
        }

        return errors;
    }

    private static readonly System.Buffers.SearchValues<char> ConfigKeyCharacters =
        System.Buffers.SearchValues.Create("-._abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789");

    private static readonly System.Buffers.SearchValues<char> PortNameCharacters =
        System.Buffers.SearchValues.Create("-abcdefghijklmnopqrstuvwxyz0123456789");

    private static readonly System.Buffers.SearchValues<char> LabelCharacters = PortNameCharacters;

    private static bool IsLabelText(ReadOnlySpan<char> text) =>
        text.Length > 0 && text[0] != '-' && text[^1] != '-' && !text.ContainsAnyExcept(LabelCharacters);

    private static bool IsSubdomainText(ReadOnlySpan<char> text)
    {
        while (true)
        {
            var dot = text.IndexOf('.');
            if (dot < 0)
            {
                return IsLabelText(text);
            }

            if (!IsLabelText(text[..dot]))
            {
                return false;
            }

            text = text[(dot + 1)..];
        }
    }

    private static bool IsQualifiedText(ReadOnlySpan<char> text) =>
        text.Length > 0 && char.IsAsciiLetterOrDigit(text[0]) && char.IsAsciiLetterOrDigit(text[^1]) && !text.ContainsAnyExcept(ConfigKeyCharacters);

    private static IReadOnlyList<string> Check(string text, int maxLength, bool matches, string message) =>
        text.Length > maxLength
            ? matches ? [$"must be no more than {maxLength} bytes"] : [$"must be no more than {maxLength} bytes", message]
            : matches ? [] : [message];
}
