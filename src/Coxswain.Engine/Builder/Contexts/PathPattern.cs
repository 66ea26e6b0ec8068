using System.Text;
using System.Text.RegularExpressions;

namespace Coxswain.Engine.Builder.Contexts;

/// <summary>Go's path patterns as regular expressions: <c>*</c>, <c>?</c>, <c>[a-z]</c>, and <c>**</c> where that is allowed.</summary>
internal static class PathPattern
{
    /// <summary>For COPY sources: one component of a path, in which <c>*</c> stops at nothing but its end.</summary>
    public static bool HasWildcard(string text) => text.AsSpan().ContainsAny("*?[\\");

    /// <summary>Null when the pattern is malformed, e.g. an open bracket, or too long to match a path.</summary>
    public static Regex? TryCompile(string pattern, bool doubleStar)
    {
        var regex = new StringBuilder("^");
        for (var i = 0; i < pattern.Length; i++)
        {
            var character = pattern[i];
            switch (character)
            {
                case '*' when doubleStar && i + 1 < pattern.Length && pattern[i + 1] == '*':
                    i++;
                    if (i + 1 < pattern.Length && pattern[i + 1] == '/')
                    {
                        i++;
                        regex.Append("(.*/)?");
                    }
                    else
                    {
                        regex.Append(".*");
                    }

                    break;
                case '*':
                    regex.Append("[^/]*");
                    break;
                case '?':
                    regex.Append("[^/]");
                    break;
                case '\\' when i + 1 < pattern.Length:
                    regex.Append(Regex.Escape(pattern[++i].ToString()));
                    break;
                case '[':
                    var end = pattern.IndexOf(']', Math.Min(i + 2, pattern.Length));
                    if (end < 0)
                    {
                        return null;
                    }

                    AppendSet(regex, pattern[(i + 1)..end]);
                    i = end;
                    break;
                default:
                    regex.Append(Regex.Escape(character.ToString()));
                    break;
            }
        }

        try
        {
            return new Regex(regex.Append("\\z").ToString(), RegexOptions.CultureInvariant | RegexOptions.Singleline | RegexOptions.NonBacktracking);
        }
        catch (Exception exception) when (exception is ArgumentException or NotSupportedException)
        {
            // The second for a pattern whose automaton would be too large.
            return null;
        }
    }

    private static void AppendSet(StringBuilder regex, string set)
    {
        regex.Append('[');
        for (var i = 0; i < set.Length; i++)
        {
            var isNegation = i == 0 && set[i] == '^';
            var isRange = set[i] == '-' && i > 0 && i + 1 < set.Length;
            regex.Append(isNegation || isRange || char.IsLetterOrDigit(set[i]) ? set[i].ToString() : "\\" + set[i]);
        }

        regex.Append(']');
    }
}
