using System.Text;
using System.Text.RegularExpressions;

namespace Coxswain.Engine.Builder.Dockerfiles;

/// <summary>A shell pattern inside <c>${name#pattern}</c> and its relatives: <c>*</c>, <c>?</c>, and what is escaped for itself.</summary>
internal sealed class GlobPattern
{
    private const RegexOptions Options = RegexOptions.CultureInvariant | RegexOptions.Singleline | RegexOptions.NonBacktracking;

    private readonly List<string> _shortest = [];
    private readonly List<string> _longest = [];

    public GlobPattern(string text, char escape)
    {
        for (var i = 0; i < text.Length; i++)
        {
            var (shortest, longest) = text[i] switch
            {
                '*' => (".*?", ".*"),
                '?' => (".", "."),
                var character when character == escape && i + 1 < text.Length => Literal(text[++i]),
                var character => Literal(character),
            };
            _shortest.Add(shortest);
            _longest.Add(longest);
        }
    }

    /// <summary>The value without what the pattern matches at its beginning.</summary>
    public string RemovePrefix(string value, bool longest)
    {
        var match = Regex.Match(value, "^" + string.Concat(longest ? _longest : _shortest), Options);
        return match.Success ? value[match.Length..] : value;
    }

    /// <summary>The same at its end: the search goes backwards, so that the shortest is found there too.</summary>
    public string RemoveSuffix(string value, bool longest)
    {
        var parts = (longest ? _longest : _shortest).AsEnumerable().Reverse();
        var match = Regex.Match(Reversed(value), "^" + string.Concat(parts), Options);
        return match.Success ? value[..^match.Length] : value;
    }

    public string Replace(string value, string replacement, bool all)
    {
        if (_longest.Count == 0)
        {
            return value;
        }

        var result = new StringBuilder();
        var position = 0;
        foreach (var match in Regex.EnumerateMatches(value, string.Concat(_longest), Options))
        {
            if (match.Length == 0)
            {
                continue;
            }

            result.Append(value, position, match.Index - position).Append(replacement);
            position = match.Index + match.Length;
            if (!all)
            {
                break;
            }
        }

        return result.Append(value, position, value.Length - position).ToString();
    }

    private static (string, string) Literal(char character) => (Regex.Escape(character.ToString()), Regex.Escape(character.ToString()));

    private static string Reversed(string value)
    {
        var characters = value.ToCharArray();
        Array.Reverse(characters);
        return new string(characters);
    }
}
