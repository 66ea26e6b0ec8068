using System.Globalization;
using System.Text;

namespace Coxswain.Api.Schemata;

/// <summary>
/// Turns an expression in RE2's syntax (https://github.com/google/re2/wiki/Syntax) into one that means the same to
/// .NET: <c>\d</c> is ASCII, <c>$</c> is the very end, <c>[[:alpha:]]</c> and <c>(?P&lt;name&gt;</c> exist.
/// Repetition is bounded as in RE2, and so is what it multiplies to, because a matcher without backtracking unrolls
/// it.
/// </summary>
internal static class Re2Syntax
{
    /// <summary>The largest count, and the largest product of counts inside each other, as in RE2.</summary>
    private const int MaxRepeat = 1000;

    /// <summary>How many characters the unrolled expression may have.</summary>
    private const int MaxSize = 50_000;

    private static readonly Dictionary<string, string> Classes = new(StringComparer.Ordinal)
    {
        ["alnum"] = "0-9A-Za-z",
        ["alpha"] = "A-Za-z",
        ["ascii"] = "\\x00-\\x7F",
        ["blank"] = "\\t ",
        ["cntrl"] = "\\x00-\\x1F\\x7F",
        ["digit"] = "0-9",
        ["graph"] = "!-~",
        ["lower"] = "a-z",
        ["print"] = " -~",
        ["punct"] = "!-/:-@\\[-`{-~",
        ["space"] = "\\t\\n\\v\\f\\r ",
        ["upper"] = "A-Z",
        ["word"] = "0-9A-Za-z_",
        ["xdigit"] = "0-9A-Fa-f",
    };

    /// <exception cref="FormatException">Not RE2's syntax, or too large.</exception>
    public static string Translate(string pattern)
    {
        var result = new StringBuilder(pattern.Length + 16);
        var groups = new Stack<Size>();
        var current = new Size();
        for (var i = 0; i < pattern.Length; i++)
        {
            switch (pattern[i])
            {
                case '\\':
                    i = Escape(pattern, i, result, false);
                    current.Atom(1, 1);
                    break;
                case '[':
                    i = Class(pattern, i, result);
                    current.Atom(1, 1);
                    break;
                case '(':
                    i = Open(pattern, i, result);
                    groups.Push(current);
                    current = new Size();
                    break;
                case ')':
                    result.Append(')');
                    var inner = current;
                    current = groups.Count > 0 ? groups.Pop() : throw new FormatException($"unexpected ): `{pattern}`");
                    current.Atom(inner.Total, inner.Repeat);
                    break;
                case '{' when RepeatAt(pattern, i) is var (end, count):
                    result.Append(pattern, i, end - i + 1);
                    i = end;
                    current.Multiply(count, pattern);
                    break;
                case '$':
                    // In .NET it also stands before a final line break.
                    result.Append("\\z");
                    break;
                default:
                    result.Append(pattern[i]);
                    current.Atom(1, 1);
                    break;
            }

            if (current.Total > MaxSize)
            {
                throw new FormatException($"expression too large: `{Short(pattern)}`");
            }
        }

        return groups.Count == 0 ? result.ToString()
            : throw new FormatException($"missing closing ): `{Short(pattern)}`");
    }

    /// <summary>Past <c>(</c> and what follows it; only groups and flags that RE2 knows.</summary>
    private static int Open(string pattern, int start, StringBuilder result)
    {
        var rest = pattern.AsSpan(start);
        if (!rest.StartsWith("(?"))
        {
            result.Append('(');
            return start;
        }

        if (rest.StartsWith("(?P<"))
        {
            result.Append("(?<");
            return start + 3;
        }

        if (rest.StartsWith("(?:") || (rest.StartsWith("(?<") && rest.Length > 3 && rest[3] is not ('=' or '!')))
        {
            result.Append(rest[..3]);
            return start + 2;
        }

        var flags = rest[2..].IndexOfAnyExcept("is-");
        if (flags > 0 && rest[2 + flags] is ')' or ':')
        {
            // The closing parenthesis of bare flags is met as that of a group.
            result.Append(rest[..(2 + flags)]);
            if (rest[2 + flags] == ':')
            {
                result.Append(':');
                return start + 2 + flags;
            }

            return start + 1 + flags;
        }

        throw new FormatException($"invalid or unsupported Perl syntax: `{Short(rest.ToString())}`");
    }

    private static int Escape(string pattern, int start, StringBuilder result, bool inClass)
    {
        if (start + 1 >= pattern.Length)
        {
            throw new FormatException("trailing backslash at end of expression: ``");
        }

        var c = pattern[start + 1];
        switch (c)
        {
            case 'd' or 's' or 'w':
                var set = c switch { 'd' => "0-9", 's' => "\\t\\n\\f\\r ", _ => "0-9A-Za-z_" };
                result.Append(inClass ? set : $"[{set}]");
                return start + 1;
            case 'D' or 'S' or 'W' when !inClass:
                result.Append(c switch { 'D' => "[^0-9]", 'S' => "[^\\t\\n\\f\\r ]", _ => "[^0-9A-Za-z_]" });
                return start + 1;
            case 'Q':
                var end = pattern.IndexOf("\\E", start + 2, StringComparison.Ordinal);
                foreach (var literal in pattern.AsSpan((start + 2)..(end < 0 ? pattern.Length : end)))
                {
                    result.Append(CultureInfo.InvariantCulture, $"\\u{(int)literal:x4}");
                }

                return end < 0 ? pattern.Length - 1 : end + 1;
            case 'p' or 'P' when start + 2 < pattern.Length && pattern[start + 2] != '{':
                result.Append(CultureInfo.InvariantCulture, $"\\{c}{{{pattern[start + 2]}}}");
                return start + 2;
            case 'x' when start + 2 < pattern.Length && pattern[start + 2] == '{':
                var close = pattern.IndexOf('}', start);
                if (close < 0
                    || !ushort.TryParse(pattern.AsSpan((start + 3)..close), NumberStyles.AllowHexSpecifier,
                        CultureInfo.InvariantCulture, out var code))
                {
                    throw new FormatException($"invalid escape sequence: `{Short(pattern[start..])}`");
                }

                result.Append(CultureInfo.InvariantCulture, $"\\u{code:x4}");
                return close;
            case >= '1' and <= '9' or 'Z' or 'G' or 'k' or 'c' or 'u' or 'e':
                throw new FormatException($"invalid escape sequence: `\\{c}`");
            default:
                result.Append('\\').Append(c);
                return start + 1;
        }
    }

    private static int Class(string pattern, int start, StringBuilder result)
    {
        result.Append('[');
        var i = start + 1;
        if (i < pattern.Length && pattern[i] == '^')
        {
            result.Append('^');
            i++;
        }

        for (var first = true; i < pattern.Length; i++, first = false)
        {
            var c = pattern[i];
            if (c == ']' && !first)
            {
                result.Append(']');
                return i;
            }

            if (c == '\\')
            {
                i = Escape(pattern, i, result, true);
            }
            else if (c == '[' && i + 1 < pattern.Length && pattern[i + 1] == ':')
            {
                var end = pattern.IndexOf(":]", i + 2, StringComparison.Ordinal);
                var name = end < 0 ? "" : pattern[(i + 2)..end];
                result.Append(Classes.TryGetValue(name, out var set) ? set
                    : throw new FormatException($"invalid character class range: `[:{name}:]`"));
                i = end + 1;
            }
            else
            {
                // Escaped, because .NET subtracts what stands in brackets inside a class.
                result.Append(c is '[' or ']' ? "\\" : "").Append(c);
            }
        }

        throw new FormatException($"missing closing ]: `{Short(pattern[start..])}`");
    }

    /// <summary>Where <c>{n,m}</c> ends and the most it repeats; null when the brace is only a brace.</summary>
    private static (int End, int Count)? RepeatAt(string pattern, int start)
    {
        var end = pattern.IndexOf('}', start);
        if (end < 0)
        {
            return null;
        }

        var text = pattern.AsSpan((start + 1)..end);
        var comma = text.IndexOf(',');
        var least = comma < 0 ? text : text[..comma];
        var most = comma < 0 ? default : text[(comma + 1)..];
        if (least.IsEmpty || least.ContainsAnyExceptInRange('0', '9') || most.ContainsAnyExceptInRange('0', '9'))
        {
            return null;
        }

        var count = Math.Max(Number(least), most.IsEmpty ? 0 : Number(most));
        return count <= MaxRepeat ? (end, count) : throw new FormatException($"invalid repeat count: `{{{text}}}`");
    }

    private static int Number(ReadOnlySpan<char> digits) =>
        digits.Length > 6 ? int.MaxValue : int.Parse(digits, CultureInfo.InvariantCulture);

    private static string Short(string text) => text.Length <= 64 ? text : text[..64] + "...";

    /// <summary>How large a part of the expression is when its repetitions are written out.</summary>
    private struct Size
    {
        private int _last;
        private int _lastRepeat;

        public Size()
        {
        }

        public int Total { get; private set; }

        public int Repeat { get; private set; } = 1;

        public void Atom(int size, int repeat)
        {
            (_last, _lastRepeat) = (size, repeat);
            Total += size;
            Repeat = Math.Max(Repeat, repeat);
        }

        public void Multiply(int count, string pattern)
        {
            var repeat = Math.Max(1, _lastRepeat) * Math.Max(1, count);
            if (repeat > MaxRepeat)
            {
                throw new FormatException($"invalid repeat count: `{Short(pattern)}`");
            }

            Total += _last * Math.Max(0, count - 1);
            Repeat = Math.Max(Repeat, repeat);
            (_last, _lastRepeat) = (_last * Math.Max(1, count), repeat);
        }
    }
}
