using System.Text;

namespace Coxswain.Engine.Builder.Dockerfiles;

/// <summary>
/// Replaces variables in a word and takes off its quotes, as Dockerfiles do it (much less than a shell). A variable that is
/// not set is empty.
/// </summary>
internal sealed class Expander(char escape, Func<string, string?> lookup, int line)
{
    /// <summary>Deeper nesting of <c>${a:-${b:-…}}</c> is somebody's attack on our stack.</summary>
    private const int MaxDepth = 50;

    /// <summary>For ENV, LABEL, COPY and the like: quotes go, escapes go.</summary>
    public string Word(string text)
    {
        var position = 0;
        return Run(text, ref position, stop: '\0', keepQuotes: false, depth: 0);
    }

    /// <summary>For here-documents: only variables are replaced.</summary>
    public string Document(string text)
    {
        var position = 0;
        return Run(text, ref position, stop: '\0', keepQuotes: true, depth: 0);
    }

    private string Run(string text, ref int position, char stop, bool keepQuotes, int depth)
    {
        if (depth > MaxDepth)
        {
            throw new DockerfileException(line, "variable substitutions are nested too deeply");
        }

        var result = new StringBuilder();
        while (position < text.Length && (stop == '\0' || text[position] != stop))
        {
            var character = text[position];
            if (character == '$')
            {
                Variable(text, ref position, result, keepQuotes, depth);
            }
            else if (character == escape && keepQuotes)
            {
                position++;
                var escaped = position < text.Length
                    && (text[position] == '$' || text[position] == escape || (stop != '\0' && text[position] == stop));
                result.Append(escaped ? text[position++] : character);
            }
            else if (character == escape)
            {
                position++;
                if (position < text.Length)
                {
                    result.Append(text[position++]);
                }
            }
            else if (character == '\'' && !keepQuotes)
            {
                SingleQuoted(text, ref position, result);
            }
            else if (character == '"' && !keepQuotes)
            {
                DoubleQuoted(text, ref position, result, depth);
            }
            else
            {
                result.Append(character);
                position++;
            }
        }

        return result.ToString();
    }

    private void SingleQuoted(string text, ref int position, StringBuilder result)
    {
        var end = text.IndexOf('\'', position + 1);
        if (end < 0)
        {
            throw new DockerfileException(line, "unexpected end of statement while looking for matching single-quote");
        }

        result.Append(text, position + 1, end - position - 1);
        position = end + 1;
    }

    private void DoubleQuoted(string text, ref int position, StringBuilder result, int depth)
    {
        position++;
        while (position < text.Length)
        {
            var character = text[position];
            if (character == '"')
            {
                position++;
                return;
            }

            if (character == '$')
            {
                Variable(text, ref position, result, keepQuotes: false, depth);
            }
            else if (character == escape && position + 1 < text.Length)
            {
                var next = text[position + 1];
                if (next != '"' && next != '$' && next != escape)
                {
                    result.Append(character);
                }

                result.Append(next);
                position += 2;
            }
            else
            {
                result.Append(character);
                position++;
            }
        }

        throw new DockerfileException(line, "unexpected end of statement while looking for matching double-quote");
    }

    private void Variable(string text, ref int position, StringBuilder result, bool keepQuotes, int depth)
    {
        position++;
        if (position < text.Length && text[position] == '{')
        {
            position++;
            Braced(text, ref position, result, keepQuotes, depth);
            return;
        }

        var name = Name(text, ref position);
        result.Append(name.Length == 0 ? "$" : lookup(name));
    }

    private void Braced(string text, ref int position, StringBuilder result, bool keepQuotes, int depth)
    {
        var name = Name(text, ref position);
        if (name.Length == 0 || position >= text.Length)
        {
            throw new DockerfileException(line, "syntax error: bad substitution in \"${\"");
        }

        var value = lookup(name);
        if (text[position] == '}')
        {
            position++;
            result.Append(value);
            return;
        }

        if (text[position] is '#' or '%' or '/')
        {
            result.Append(Pattern(text, ref position, name, value ?? "", depth));
            return;
        }

        var emptyCounts = text[position] == ':';
        position += emptyCounts ? 1 : 0;
        var modifier = position < text.Length ? text[position++] : '\0';
        var word = Run(text, ref position, stop: '}', keepQuotes, depth + 1);
        if (position >= text.Length)
        {
            throw new DockerfileException(line, $"syntax error: missing '}}' after ${{{name}");
        }

        position++;
        var isSet = emptyCounts ? !string.IsNullOrEmpty(value) : value is not null;
        result.Append(modifier switch
        {
            '-' => isSet ? value : word,
            '+' => isSet ? word : "",
            '?' => isSet ? value : throw new DockerfileException(line, $"{name}: {(word.Length > 0 ? word : "not allowed to be unset")}"),
            _ => throw new DockerfileException(line, $"unsupported modifier ({modifier}) in substitution of {name}"),
        });
    }

    /// <summary><c>#</c> and <c>%</c> cut off what a pattern matches, <c>/</c> replaces it; twice is the longest, or all.</summary>
    private string Pattern(string text, ref int position, string name, string value, int depth)
    {
        var kind = text[position++];
        var isDouble = position < text.Length && text[position] == kind;
        position += isDouble ? 1 : 0;
        // Quotes and escapes stay: the pattern reads its own.
        var pattern = new GlobPattern(Until(text, ref position, kind == '/' ? '/' : '}', name, keepQuotes: true, depth), escape);
        return kind switch
        {
            '#' => pattern.RemovePrefix(value, isDouble),
            '%' => pattern.RemoveSuffix(value, isDouble),
            _ => pattern.Replace(value, Until(text, ref position, '}', name, keepQuotes: false, depth), isDouble),
        };
    }

    private string Until(string text, ref int position, char stop, string name, bool keepQuotes, int depth)
    {
        var word = Run(text, ref position, stop, keepQuotes, depth + 1);
        if (position >= text.Length)
        {
            throw new DockerfileException(line, $"syntax error: missing '{stop}' in ${{{name}");
        }

        position++;
        return word;
    }

    private static string Name(string text, ref int position)
    {
        var start = position;
        while (position < text.Length && (char.IsAsciiLetterOrDigit(text[position]) || text[position] == '_'))
        {
            position++;
            if (char.IsAsciiDigit(text[start]))
            {
                break;
            }
        }

        return text[start..position];
    }
}
