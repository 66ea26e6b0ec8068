namespace Coxswain.Cel.Syntax;

/// <summary>Something wrong with an expression, at a place in it.</summary>
public sealed record CelIssue(int Position, string Message)
{
    /// <summary>The message with its line, as cel-go writes it.</summary>
    public string Format(string source)
    {
        var (line, column, start) = (1, 0, 0);
        for (var i = 0; i < Position && i < source.Length; i++)
        {
            if (source[i] == '\n')
            {
                (line, column, start) = (line + 1, 0, i + 1);
            }
            else
            {
                column++;
            }
        }

        var end = source.IndexOf('\n', start);
        var text = source[start..(end < 0 ? source.Length : end)];
        return $"ERROR: <input>:{line}:{column + 1}: {Message}\n | {text.Replace('\t', ' ')}\n | {new string('.', column)}^";
    }
}
