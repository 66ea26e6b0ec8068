using System.Globalization;
using YamlDotNet.Core;
using YamlDotNet.Core.Events;

namespace Coxswain.Api.Decoding;

/// <summary>
/// Finds spaces that are none to YAML: text pasted from a web page or a document often holds U+00A0, which looks like
/// indentation and is part of a name. Said where it stands, since nobody sees it.
/// </summary>
internal static class YamlSpaces
{
    /// <summary>A key that is not quoted holds one anywhere.</summary>
    /// <exception cref="YamlException">It does.</exception>
    public static void CheckKey(Scalar key)
    {
        if (key.Style == ScalarStyle.Plain && IndexOf(key.Value) is >= 0 and var index)
        {
            throw Found(key, index);
        }
    }

    /// <summary>
    /// A value that is not quoted begins with one, or with a hyphen and one; inside text it is only text.
    /// </summary>
    /// <exception cref="YamlException">It does.</exception>
    public static void CheckValue(Scalar value)
    {
        if (value.Style == ScalarStyle.Plain && IndexOf(value.Value) is >= 0 and < 2 and var index
            && (index == 0 || value.Value[0] == '-'))
        {
            throw Found(value, index);
        }
    }

    /// <summary>
    /// The first such space, up to a line, in an indentation or after <c>-</c> or <c>key:</c>; null when there is
    /// none.
    /// </summary>
    public static (long Line, int Column, char Character)? Find(string text, long until)
    {
        long number = 0;
        foreach (var line in text.AsSpan().EnumerateLines())
        {
            if (++number > until)
            {
                break;
            }

            for (var i = 0; i < line.Length; i++)
            {
                if (IsOddSpace(line[i]) && (line[..i].Trim([' ', '-']).IsEmpty || line[i - 1] == ':'))
                {
                    return (number, i + 1, line[i]);
                }
            }
        }

        return null;
    }

    public static string Describe(long column, char character) => string.Create(
        CultureInfo.InvariantCulture,
            $"column {column}: found a non-breaking or other special space (U+{(int)character:X4}); write an ordinary space");

    private static YamlException Found(Scalar scalar, int index)
    {
        var at = scalar.Start;
        return new YamlException(at, at, Describe(at.Column + index, scalar.Value[index]));
    }

    /// <summary>Where the first such space stands; -1 without one.</summary>
    public static int IndexOf(string text)
    {
        for (var i = 0; i < text.Length; i++)
        {
            if (IsOddSpace(text[i]))
            {
                return i;
            }
        }

        return -1;
    }

    private static bool IsOddSpace(char c) =>
        c is '\u00A0' or '\u202F' or '\u205F' or '\u3000' or '\uFEFF' or (>= '\u2000' and <= '\u200B');
}
