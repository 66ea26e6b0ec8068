using System.Text.RegularExpressions;
using Coxswain.Cel.Types;
using Coxswain.Cel.Values;

namespace Coxswain.Cel.Functions;

/// <summary>A URL: with a scheme, or a path alone that begins with a slash.</summary>
internal sealed partial record CelUrl(string Text, string Scheme, string Host, string Path, string Query) : CelOpaque
{
    public static readonly CelType UrlType = CelType.Opaque("kubernetes.URL");

    public override CelType Type => UrlType;

    /// <summary>The host without the brackets of IPv6 and without the port.</summary>
    public string HostName => Host.StartsWith('[') ? Host[1..Host.IndexOf(']')] : Host.Contains(':') ? Host[..Host.IndexOf(':')] : Host;

    public string Port => Host.LastIndexOf(':') is var colon && colon > Host.LastIndexOf(']') && colon >= 0 ? Host[(colon + 1)..] : "";

    public static CelUrl? Parse(string text)
    {
        var match = Form().Match(text);
        if (!match.Success || text.AsSpan().IndexOfAnyInRange('\0', ' ') >= 0 || BadEscape().IsMatch(text))
        {
            return null;
        }

        var (scheme, authority) = (match.Groups["scheme"].Value, match.Groups["authority"].Value);
        var path = match.Groups["path"].Value;
        if ((scheme.Length == 0 && !path.StartsWith('/')) || (match.Groups["authority"].Success && path.Length > 0 && !path.StartsWith('/')))
        {
            return null;
        }

        var host = authority[(authority.LastIndexOf('@') + 1)..];
        return host.Length == 0 || Authority().IsMatch(host) ? new CelUrl(text, scheme.ToLowerInvariant(), host, path, match.Groups["query"].Value) : null;
    }

    public bool Equals(CelUrl? other) => other is not null && Text == other.Text;

    public override int GetHashCode() => Text.GetHashCode(StringComparison.Ordinal);

    public override string ToString() => Text;

    [GeneratedRegex(@"\A((?<scheme>[a-zA-Z][a-zA-Z0-9+.-]*):)?(//(?<authority>[^/?#]*))?(?<path>[^?#]*)(\?(?<query>[^#]*))?(#.*)?\z", RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture)]
    private static partial Regex Form();

    [GeneratedRegex(@"%(?![0-9A-Fa-f]{2})", RegexOptions.CultureInvariant)]
    private static partial Regex BadEscape();

    [GeneratedRegex(@"\A(\[[0-9a-fA-F:.%]+\]|[^\[\]:\s<>""]*)(:[0-9]*)?\z", RegexOptions.CultureInvariant)]
    private static partial Regex Authority();
}

/// <summary>Kubernetes' functions of URLs.</summary>
internal static class UrlLibrary
{
    public static void AddTo(FunctionTable table)
    {
        table.Type(CelUrl.UrlType);
        var text = CelType.String;
        table.Function("url", [text], CelUrl.UrlType,
            static arguments => CelUrl.Parse((string)arguments[0]) ?? (object)new CelError($"URL parse error during conversion from string: {arguments[0]}"), Costs.FirstText);
        table.Function("isURL", [text], CelType.Bool, static arguments => CelUrl.Parse((string)arguments[0]) is not null, Costs.FirstText);
        Part(table, "getScheme", static url => url.Scheme);
        Part(table, "getHost", static url => url.Host);
        Part(table, "getHostname", static url => url.HostName);
        Part(table, "getPort", static url => url.Port);
        Part(table, "getEscapedPath", static url => url.Path);
        table.Method("getQuery", [CelUrl.UrlType], CelType.Map(text, CelType.List(text)), static arguments => Query(((CelUrl)arguments[0]).Query));
    }

    private static void Part(FunctionTable table, string name, Func<CelUrl, string> part) =>
        table.Method(name, [CelUrl.UrlType], CelType.String, arguments => part((CelUrl)arguments[0]));

    private static CelMap Query(string query) => CelMap.Of(query.Split('&', StringSplitOptions.RemoveEmptyEntries)
        .Select(pair => pair.Split('=', 2)).GroupBy(pair => Plain(pair[0]), pair => Plain(pair.Length > 1 ? pair[1] : ""))
        .Select(group => KeyValuePair.Create((object)group.Key, (object)CelList.Of([.. group.Select(value => (object)value)]))))!; // grouped, so no key is there twice

    private static string Plain(string text) => Uri.UnescapeDataString(text.Replace('+', ' '));
}
