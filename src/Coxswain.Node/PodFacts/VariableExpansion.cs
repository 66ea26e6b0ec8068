using System.Text;

namespace Coxswain.Node.PodFacts;

/// <summary><c>$(NAME)</c> in a value, command or argument; <c>$$</c> is a dollar sign, an unknown name stays as it is written.</summary>
internal static class VariableExpansion
{
    public static string Expand(string text, Func<string, string?> find)
    {
        var dollar = text.IndexOf('$');
        if (dollar < 0)
        {
            return text;
        }

        var result = new StringBuilder(text.Length);
        var position = 0;
        while (dollar >= 0 && dollar + 1 < text.Length)
        {
            result.Append(text, position, dollar - position);
            (var written, position) = Next(text, dollar, find);
            result.Append(written);
            dollar = text.IndexOf('$', position);
        }

        return result.Append(text, position, text.Length - position).ToString();
    }

    public static IReadOnlyList<string> Expand(IReadOnlyList<string> texts, IReadOnlyList<KeyValuePair<string, string>> variables)
    {
        if (!texts.Any(text => text.Contains('$')))
        {
            return texts;
        }

        var map = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var (name, value) in variables)
        {
            map[name] = value;
        }

        return [.. texts.Select(text => Expand(text, name => map.GetValueOrDefault(name)))];
    }

    /// <summary>What stands for the operator at a dollar sign, and where the text goes on.</summary>
    private static (string Written, int Next) Next(string text, int dollar, Func<string, string?> find)
    {
        switch (text[dollar + 1])
        {
            case '$':
                return ("$", dollar + 2);
            case '(':
                var close = text.IndexOf(')', dollar + 2);
                if (close < 0)
                {
                    return ("$(", dollar + 2);
                }

                var name = text[(dollar + 2)..close];
                return (find(name) ?? $"$({name})", close + 1);
            default:
                return (text.Substring(dollar, 2), dollar + 2);
        }
    }
}
