using System.Text;

namespace Coxswain.Engine.Builder.Dockerfiles;

/// <summary>Splitting at blanks, with and without regard to quotes.</summary>
internal static class Words
{
    private static readonly char[] Blanks = [' ', '\t', '\v', '\f', '\r'];

    /// <summary>Words whose quotes and escapes are kept: they are taken off when variables are replaced.</summary>
    public static List<string> Split(string text, char escape)
    {
        var words = new List<string>();
        var word = new StringBuilder();
        var quote = '\0';
        for (var i = 0; i < text.Length; i++)
        {
            var character = text[i];
            if (quote == '\0' && Blanks.Contains(character))
            {
                Flush(words, word);
                continue;
            }

            word.Append(character);
            if (character == escape && quote != '\'' && i + 1 < text.Length)
            {
                word.Append(text[++i]);
            }
            else if (quote == '\0' && (character is '\'' or '"'))
            {
                quote = character;
            }
            else if (character == quote)
            {
                quote = '\0';
            }
        }

        Flush(words, word);
        return words;
    }

    public static string[] SplitPlain(string text) => text.Split(Blanks, StringSplitOptions.RemoveEmptyEntries);

    /// <summary>The first word and what comes after it.</summary>
    public static (string First, string Remainder) Cut(string text)
    {
        text = text.TrimStart(Blanks);
        var end = text.IndexOfAny(Blanks);
        return end < 0 ? (text, "") : (text[..end], text[end..].Trim(Blanks));
    }

    private static void Flush(List<string> words, StringBuilder word)
    {
        if (word.Length > 0)
        {
            words.Add(word.ToString());
            word.Clear();
        }
    }
}
