using System.Net.Sockets;
using Coxswain.Api.Core.V1;

namespace Coxswain.Node.Probes;

/// <summary>httpGet probes and hooks: any status from 200 to 399 is success, and certificates are not checked.</summary>
internal sealed class HttpProber : IDisposable
{
    /// <summary>What Go's client follows, and so the kubelet.</summary>
    private const int MaxRedirects = 10;

    private readonly HttpClient _client = new(new SocketsHttpHandler
    {
        AllowAutoRedirect = false,
        UseProxy = false,
        UseCookies = false,
        // Each probe proves that the container takes connections: none is used twice.
        PooledConnectionLifetime = TimeSpan.Zero,
#pragma warning disable CA5359 // Kubernetes documents that probes do not check certificates: only life is asked for, nothing is trusted.
        SslOptions = { RemoteCertificateValidationCallback = (_, _, _, _) => true },
#pragma warning restore CA5359
    })
    {
        Timeout = Timeout.InfiniteTimeSpan,
    };

    public static string Url(HTTPGetAction action, ProbeTarget target)
    {
        var host = action.Host.Length > 0 ? action.Host : target.Address;
        var scheme = action.Scheme.Length > 0 ? action.Scheme.ToLowerInvariant() : "http";
        var path = action.Path.StartsWith('/') ? action.Path : "/" + action.Path;
        return $"{scheme}://{(host.Contains(':') ? $"[{host}]" : host)}:{target.Port(action.Port)}{path}";
    }

    public async Task<ProbeResult> GetAsync(HTTPGetAction action, ProbeTarget target, CancellationToken cancellationToken)
    {
        if (target.Port(action.Port) is null)
        {
            return ProbeResult.Failure($"couldn't find port: {action.Port}");
        }

        var url = Url(action, target);
        if (!Uri.TryCreate(url, UriKind.Absolute, out var uri))
        {
            return ProbeResult.Failure($"parse \"{url}\": invalid URL");
        }

        try
        {
            return await FollowAsync(action, uri, cancellationToken);
        }
        catch (HttpRequestException exception) when (exception.InnerException is SocketException socket)
        {
            return Prober.SocketFailure($"Get \"{url}\": dial tcp {target.Address}:{target.Port(action.Port)}: connect: ", socket);
        }
        catch (Exception exception) when (exception is HttpRequestException or FormatException or ArgumentException or InvalidOperationException)
        {
            // The last three are headers that cannot be sent.
            return ProbeResult.Failure($"Get \"{url}\": {exception.Message}");
        }
    }

    public void Dispose() => _client.Dispose();

    /// <summary>
    /// Redirects are followed on the same host. One to another host ends the probe, as a success that is worth a warning: see
    /// https://github.com/kubernetes/kubernetes/blob/v1.36.0/pkg/probe/http/http.go, RedirectChecker.
    /// </summary>
    private async Task<ProbeResult> FollowAsync(HTTPGetAction action, Uri uri, CancellationToken cancellationToken)
    {
        for (var redirects = 0; ; redirects++)
        {
            using var request = Request(action, uri);
            using var response = await _client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancellationToken);
            var code = (int)response.StatusCode;
            if (code is < 200 or >= 400)
            {
                return ProbeResult.Failure($"HTTP probe failed with statuscode: {code}");
            }

            if (code < 300)
            {
                return ProbeResult.Success;
            }

            if (code is not (301 or 302 or 303 or 307 or 308) || response.Headers.Location is not { } location
                || new Uri(uri, location) is var next && (next.Host != uri.Host || next.Scheme is not ("http" or "https")))
            {
                return ProbeResult.Warning("Probe terminated redirects");
            }

            if (redirects == MaxRedirects)
            {
                return ProbeResult.Failure($"Get \"{next}\": stopped after {MaxRedirects} redirects");
            }

            uri = next;
        }
    }

    private static HttpRequestMessage Request(HTTPGetAction action, Uri uri)
    {
        var request = new HttpRequestMessage(HttpMethod.Get, uri);
        foreach (var (name, value) in (ReadOnlySpan<(string, string)>)[("User-Agent", "kube-probe/1.36"), ("Accept", "*/*")])
        {
            if (!action.HttpHeaders.Any(header => string.Equals(header.Name, name, StringComparison.OrdinalIgnoreCase)))
            {
                request.Headers.TryAddWithoutValidation(name, value);
            }
        }

        foreach (var header in action.HttpHeaders)
        {
            if (!request.Headers.TryAddWithoutValidation(header.Name, header.Value))
            {
                // Content-Type and its kind go with a content only, even an empty one.
                request.Content ??= new ByteArrayContent([]);
                request.Content.Headers.TryAddWithoutValidation(header.Name, header.Value);
            }
        }

        return request;
    }
}
