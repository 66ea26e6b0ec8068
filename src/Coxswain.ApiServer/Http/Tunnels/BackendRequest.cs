using System.Net;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace Coxswain.ApiServer.Http.Tunnels;

/// <summary>A client's request as a backend is sent it: without what was between the client and us, credentials included.</summary>
internal static class BackendRequest
{
    private static readonly HashSet<string> Hops = new(StringComparer.OrdinalIgnoreCase)
    {
        "Connection", "Keep-Alive", "Proxy-Authenticate", "Proxy-Authorization", "Proxy-Connection", "TE", "Trailer", "Transfer-Encoding", "Upgrade",
    };

    private static readonly HashSet<string> Own = new(StringComparer.OrdinalIgnoreCase)
    {
        "Authorization", "Expect", "Host", "X-Forwarded-For",
    };

    public static HttpRequestMessage Make(HttpContext context, Uri target)
    {
        var request = context.Request;
        var message = new HttpRequestMessage(new HttpMethod(request.Method), target)
        {
            Version = HttpVersion.Version11, VersionPolicy = HttpVersionPolicy.RequestVersionExact,
        };
        if (UpgradeTunnel.IsAsked(request))
        {
            message.Headers.TryAddWithoutValidation("Connection", "Upgrade");
            message.Headers.TryAddWithoutValidation("Upgrade", request.Headers.Upgrade.ToArray());
        }
        else if (context.Features.Get<IHttpRequestBodyDetectionFeature>() is { CanHaveBody: true })
        {
            message.Content = new StreamContent(request.Body);
        }

        var named = request.Headers.Connection.SelectMany(value => (value ?? "").Split(',', StringSplitOptions.TrimEntries))
            .ToHashSet(StringComparer.OrdinalIgnoreCase);
        foreach (var (name, values) in request.Headers)
        {
            if (!Hops.Contains(name) && !Own.Contains(name) && !named.Contains(name) && name[0] != ':'
                && !name.StartsWith("Impersonate-", StringComparison.OrdinalIgnoreCase)
                && !message.Headers.TryAddWithoutValidation(name, values.ToArray()))
            {
                message.Content?.Headers.TryAddWithoutValidation(name, values.ToArray());
            }
        }

        if (context.Connection.RemoteIpAddress is { } client)
        {
            string[] before = [.. request.Headers["X-Forwarded-For"].Select(value => value ?? "")];
            message.Headers.TryAddWithoutValidation("X-Forwarded-For", string.Join(", ", [.. before, client.ToString()]));
        }

        return message;
    }

    /// <summary>Passes on status and headers, but for those between the backend and us.</summary>
    public static void CopyHead(HttpResponseMessage answer, HttpResponse response)
    {
        response.StatusCode = (int)answer.StatusCode;
        foreach (var (name, values) in answer.Headers.Concat(answer.Content.Headers))
        {
            if (!Hops.Contains(name))
            {
                response.Headers[name] = values.ToArray();
            }
        }
    }
}
