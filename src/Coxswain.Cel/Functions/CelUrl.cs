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
