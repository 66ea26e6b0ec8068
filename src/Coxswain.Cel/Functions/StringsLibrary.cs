using System.Text;
using Coxswain.Cel.Types;
using Coxswain.Cel.Values;

namespace Coxswain.Cel.Functions;

/// <summary>More to do with strings; places in them are counted in code points.</summary>
internal static class StringsLibrary
{
    private static readonly CelType Text = CelType.String;

    public static void AddTo(FunctionTable table)
    {
        table.Method("charAt", [Text, CelType.Int], Text, CharAt, Costs.FirstText);
        table.Method("indexOf", [Text, Text], CelType.Int, static arguments => IndexOf(arguments, 0), Costs.Product);
        table.Method("indexOf", [Text, Text, CelType.Int], CelType.Int, static arguments => IndexOf(arguments, (long)arguments[2]), Costs.Product);
        table.Method("lastIndexOf", [Text, Text], CelType.Int, static arguments => LastIndexOf(arguments, null), Costs.Product);
        table.Method("lastIndexOf", [Text, Text, CelType.Int], CelType.Int, static arguments => LastIndexOf(arguments, (long)arguments[2]), Costs.Product);
        table.Method("lowerAscii", [Text], Text, static arguments => Each((string)arguments[0], static c => char.IsAsciiLetterUpper(c) ? (char)(c | 0x20) : c), Costs.FirstText);
        table.Method("upperAscii", [Text], Text, static arguments => Each((string)arguments[0], static c => char.IsAsciiLetterLower(c) ? (char)(c & ~0x20) : c), Costs.FirstText);
        table.Method("trim", [Text], Text, static arguments => ((string)arguments[0]).Trim(), Costs.FirstText);
        table.Method("replace", [Text, Text, Text], Text, static arguments => Replace(arguments, -1), ReplaceCost);
        table.Method("replace", [Text, Text, Text, CelType.Int], Text, static arguments => Replace(arguments, (long)arguments[3]), ReplaceCost);
        table.Method("split", [Text, Text], CelType.List(Text), static arguments => Split(arguments, -1), Costs.Product);
        table.Method("split", [Text, Text, CelType.Int], CelType.List(Text), static arguments => Split(arguments, (long)arguments[2]), Costs.Product);
        table.Method("substring", [Text, CelType.Int], Text, static arguments => Substring((string)arguments[0], (long)arguments[1], null), Costs.FirstText);
        table.Method("substring", [Text, CelType.Int, CelType.Int], Text,
            static arguments => Substring((string)arguments[0], (long)arguments[1], (long)arguments[2]), Costs.FirstText);
        table.Method("join", [CelType.List(Text)], Text, static arguments => Join((CelList)arguments[0], ""), JoinCost);
        table.Method("join", [CelType.List(Text), Text], Text, static arguments => Join((CelList)arguments[0], (string)arguments[1]), JoinCost);
        table.Method("format", [Text, CelType.List(CelType.Dyn)], Text, static arguments => TextFormat.Format((string)arguments[0], (CelList)arguments[1]), Costs.FirstText);
        table.Function("strings.quote", [Text], Text, static arguments => Quote((string)arguments[0]), Costs.FirstText);
    }

    public static void AddReverse(FunctionTable table) => table.Method("reverse", [Text], Text,
        static arguments => string.Concat(((string)arguments[0]).EnumerateRunes().Reverse().Select(rune => rune.ToString())), Costs.FirstText);

    /// <summary>What is replaced can be longer than what it was in.</summary>
    private static long ReplaceCost(object[] arguments)
    {
        var (text, with) = (CelValues.Size(arguments[0]), CelValues.Size(arguments[2]));
        return 1 + Costs.OfText(arguments[0]) + (text * with / 10);
    }

    private static long JoinCost(object[] arguments) =>
        Costs.Items(arguments) + (arguments.Length > 1 ? CelValues.Size(arguments[0]) * Costs.OfText(arguments[1]) : 0);

    private static object CharAt(object[] arguments)
    {
        var (text, index) = ((string)arguments[0], (long)arguments[1]);
        var length = CelText.Length(text);
        return index < 0 || index > length ? new CelError($"index out of range: {index}") : index == length ? "" : Substring(text, index, index + 1);
    }

    private static object IndexOf(object[] arguments, long offset)
    {
        var (text, wanted) = ((string)arguments[0], (string)arguments[1]);
        if (offset < 0 || offset > CelText.Length(text))
        {
            return wanted.Length == 0 && offset >= 0 ? (long)CelText.Length(text) : new CelError($"index out of range: {offset}");
        }

        var found = text.IndexOf(wanted, Unit(text, offset), StringComparison.Ordinal);
        return found < 0 ? -1L : (long)CelText.Length(text[..found]);
    }

    private static object LastIndexOf(object[] arguments, long? offset)
    {
        var (text, wanted) = ((string)arguments[0], (string)arguments[1]);
        var length = CelText.Length(text);
        if (offset is { } given && (given < 0 || given > length))
        {
            return new CelError($"index out of range: {given}");
        }

        var from = offset ?? length;
        if (wanted.Length == 0)
        {
            return from;
        }

        var last = Math.Min(Unit(text, from) + wanted.Length, text.Length);
        var found = text.AsSpan(0, last).LastIndexOf(wanted, StringComparison.Ordinal);
        return found < 0 ? -1L : (long)CelText.Length(text[..found]);
    }

    private static object Replace(object[] arguments, long most)
    {
        var (text, wanted, with) = ((string)arguments[0], (string)arguments[1], (string)arguments[2]);
        if (most < 0 && wanted.Length > 0)
        {
            return text.Replace(wanted, with, StringComparison.Ordinal);
        }

        // Nothing is found between any two characters, and at both ends.
        var result = new StringBuilder();
        var at = 0;
        for (var done = 0L; most < 0 || done < most; done++)
        {
            var found = wanted.Length > 0 ? text.IndexOf(wanted, at, StringComparison.Ordinal) : done == 0 ? 0 : at >= text.Length ? -1 : at + RuneLength(text, at);
            if (found < 0)
            {
                break;
            }

            result.Append(text, at, found - at).Append(with);
            at = found + wanted.Length;
        }

        return result.Append(text, at, text.Length - at).ToString();
    }

    private static CelList Split(object[] arguments, long most)
    {
        var (text, separator) = ((string)arguments[0], (string)arguments[1]);
        if (most == 0)
        {
            return CelList.Empty;
        }

        var count = most < 0 ? int.MaxValue : (int)Math.Min(most, int.MaxValue);
        if (separator.Length > 0)
        {
            return CelList.Of([.. text.Split(separator, count).Select(part => (object)part)]);
        }

        var parts = new List<object>();
        for (var at = 0; at < text.Length;)
        {
            var length = parts.Count == count - 1 ? text.Length - at : RuneLength(text, at);
            parts.Add(text.Substring(at, length));
            at += length;
        }

        return CelList.Of(parts);
    }

    private static object Substring(string text, long start, long? end)
    {
        var length = CelText.Length(text);
        var last = end ?? length;
        return start < 0 || start > length || last < 0 || last > length ? new CelError($"index out of range: {(start < 0 || start > length ? start : last)}")
            : start > last ? new CelError($"invalid substring range. start: {start}, end: {last}") : text[Unit(text, start)..Unit(text, last)];
    }

    private static object Join(CelList list, string separator)
    {
        var texts = new List<string>(list.Count);
        foreach (var item in list.Items())
        {
            if (item is not string text)
            {
                return new CelError($"join: invalid input: {CelText.Of(item)}");
            }

            texts.Add(text);
        }

        return string.Join(separator, texts);
    }

    private static string Quote(string text)
    {
        var result = new StringBuilder("\"");
        foreach (var rune in text.EnumerateRunes())
        {
            result.Append(rune.Value switch
            {
                '\a' => "\\a",
                '\b' => "\\b",
                '\f' => "\\f",
                '\n' => "\\n",
                '\r' => "\\r",
                '\t' => "\\t",
                '\v' => "\\v",
                '\\' => "\\\\",
                '"' => "\\\"",
                _ => rune.ToString(),
            });
        }

        return result.Append('"').ToString();
    }

    private static string Each(string text, Func<char, char> change) => string.Create(text.Length, (text, change), static (span, state) =>
    {
        for (var i = 0; i < span.Length; i++)
        {
            span[i] = state.change(state.text[i]);
        }
    });

    private static int RuneLength(string text, int at) => char.IsHighSurrogate(text[at]) && at + 1 < text.Length && char.IsLowSurrogate(text[at + 1]) ? 2 : 1;

    /// <summary>Where a code point begins in UTF-16.</summary>
    private static int Unit(string text, long index)
    {
        if (CelText.IsPlain(text))
        {
            return (int)index;
        }

        var at = 0;
        for (; index > 0 && at < text.Length; index--)
        {
            at += RuneLength(text, at);
        }

        return at;
    }
}
