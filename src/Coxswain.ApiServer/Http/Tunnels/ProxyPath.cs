using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace Coxswain.ApiServer.Http.Tunnels;

/// <summary>A request's path, cut behind <c>proxy</c> and otherwise as the client wrote it, escapes included.</summary>
/// <param name="Prefix">Up to and with <c>proxy</c>.</param>
/// <param name="Rest">Empty, or from the slash on.</param>
/// <param name="Query">Empty, or from the question mark on.</param>
internal readonly record struct ProxyPath(string Prefix, string Rest, string Query)
{
    public static ProxyPath Of(HttpContext context, bool isNamespaced)
    {
        var target = context.Features.Get<IHttpRequestFeature>()?.RawTarget ?? "";
        if (target.Length == 0 || target[0] != '/')
        {
            target = context.Request.Path + context.Request.QueryString.ToString();
        }

        // /api/v1/namespaces/N/pods/NAME/proxy, /api/v1/nodes/NAME/proxy
        var segments = isNamespaced ? 7 : 5;
        var query = target.IndexOf('?');
        var path = query < 0 ? target : target[..query];
        var end = 0;
        for (var i = 0; i < segments && end < path.Length; i++)
        {
            while (end < path.Length && path[end] == '/')
            {
                end++;
            }

            var slash = path.IndexOf('/', end);
            end = slash < 0 ? path.Length : slash;
        }

        return new ProxyPath(path[..end], path[end..], query < 0 ? "" : target[query..]);
    }

    /// <summary>
    /// Where a backend points to (a Location, a link in a page), as the client must ask for it. What leads to other hosts, or is
    /// relative to the page, stays.
    /// </summary>
    /// <param name="backend">What was asked for.</param>
    /// <param name="clientHost">The host the client asked.</param>
    public string Rewrite(string link, Uri backend, string clientHost)
    {
        if (!Uri.TryCreate(link, UriKind.RelativeOrAbsolute, out var url))
        {
            return link;
        }

        var path = link;
        if (link.StartsWith("//", StringComparison.Ordinal) || (url.IsAbsoluteUri && link[0] != '/'))
        {
            if (!Uri.TryCreate(backend, link, out var absolute) || absolute.Scheme is not ("http" or "https")
                || (absolute.Authority != backend.Authority && absolute.Authority != clientHost))
            {
                return link;
            }

            path = absolute.PathAndQuery + absolute.Fragment;
        }

        return path.Length == 0 || path[0] != '/' || path.StartsWith(Prefix, StringComparison.Ordinal) ? path : Prefix + path;
    }
}
