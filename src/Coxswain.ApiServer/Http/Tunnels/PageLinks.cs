using System.Text;
using System.Text.RegularExpressions;

namespace Coxswain.ApiServer.Http.Tunnels;

/// <summary>
/// Makes a page's links lead through the proxy. Whatever is not a link of an element (comments, scripts, text) stays byte by
/// byte.
/// </summary>
internal static partial class PageLinks
{
    /// <summary>Which attributes of which elements hold a link.</summary>
    private static readonly Dictionary<string, string[]> Attributes = new(StringComparer.OrdinalIgnoreCase)
    {
        ["a"] = ["href"],
        ["applet"] = ["codebase"],
        ["area"] = ["href"],
        ["audio"] = ["src"],
        ["base"] = ["href"],
        ["blockquote"] = ["cite"],
        ["body"] = ["background"],
        ["button"] = ["formaction"],
        ["command"] = ["icon"],
        ["del"] = ["cite"],
        ["embed"] = ["src"],
        ["form"] = ["action"],
        ["frame"] = ["longdesc", "src"],
        ["head"] = ["profile"],
        ["html"] = ["manifest"],
        ["iframe"] = ["longdesc", "src"],
        ["img"] = ["longdesc", "src", "usemap"],
        ["input"] = ["src", "usemap", "formaction"],
        ["ins"] = ["cite"],
        ["link"] = ["href"],
        ["object"] = ["classid", "codebase", "data", "usemap"],
        ["q"] = ["cite"],
        ["script"] = ["src"],
        ["source"] = ["src"],
        ["track"] = ["src"],
        ["video"] = ["poster", "src"],
    };

    private static readonly string[] Raw = ["script", "style", "textarea", "title", "xmp"];

    public static string Rewrite(string page, Func<string, string> rewrite)
    {
        var rewritten = new StringBuilder(page.Length + 256);
        var at = 0;
        while (page.IndexOf('<', at) is >= 0 and var open)
        {
            rewritten.Append(page, at, open - at);
            at = Copy(page, open, rewrite, rewritten);
        }

        return rewritten.Append(page, at, page.Length - at).ToString();
    }

    /// <summary>Copies what begins at a <c>&lt;</c> and returns where it ends.</summary>
    private static int Copy(string page, int open, Func<string, string> rewrite, StringBuilder rewritten)
    {
        if (string.CompareOrdinal(page, open, "<!--", 0, 4) == 0)
        {
            var close = page.IndexOf("-->", open + 4, StringComparison.Ordinal);
            return Append(page, open, close < 0 ? page.Length : close + 3, rewritten);
        }

        if (open + 1 >= page.Length || !char.IsAsciiLetter(page[open + 1]))
        {
            return Append(page, open, open + 1, rewritten);
        }

        if (Tag().Match(page, open) is not { Success: true } tag)
        {
            // It has no end, and so nothing begins after it.
            return Append(page, open, page.Length, rewritten);
        }

        var name = tag.Groups["name"].Value;
        rewritten.Append(Attributes.TryGetValue(name, out var links)
            ? Attribute().Replace(tag.Value, attribute => Rewrite(attribute, links, rewrite))
            : tag.Value);
        var end = open + tag.Length;
        if (!Raw.Contains(name, StringComparer.OrdinalIgnoreCase))
        {
            return end;
        }

        var closing = page.IndexOf($"</{name}", end, StringComparison.OrdinalIgnoreCase);
        return Append(page, end, closing < 0 ? page.Length : closing, rewritten);
    }

    private static string Rewrite(Match attribute, string[] links, Func<string, string> rewrite)
    {
        if (!links.Contains(attribute.Groups["name"].Value, StringComparer.OrdinalIgnoreCase))
        {
            return attribute.Value;
        }

        var value = attribute.Groups["value"].Value;
        var quote = value.Length > 0 && value[0] is '"' or '\'' ? value[..1] : "";
        var link = (quote.Length > 0 ? value[1..^1] : value).Replace("&amp;", "&", StringComparison.Ordinal);
        var changed = rewrite(link);
        return changed == link
            ? attribute.Value
            : $"{attribute.Groups["before"].Value}\"{changed.Replace("&", "&amp;", StringComparison.Ordinal).Replace("\"", "&#34;", StringComparison.Ordinal)}\"";
    }

    private static int Append(string page, int from, int to, StringBuilder rewritten)
    {
        rewritten.Append(page, from, to - from);
        return to;
    }

    [GeneratedRegex("""\G<(?<name>[A-Za-z][A-Za-z0-9]*)(?>"[^"]*"|'[^']*'|[^>"'])*>""")]
    private static partial Regex Tag();

    [GeneratedRegex("""(?<before>(?<=[\s"'/])(?<name>[A-Za-z]+)\s*=\s*)(?<value>"[^"]*"|'[^']*'|[^\s"'>]+)""")]
    private static partial Regex Attribute();
}
