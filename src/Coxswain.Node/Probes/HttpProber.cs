using System.Net.Sockets;
using Coxswain.Api.Core.V1;

namespace Coxswain.Node.Probes;

/// <summary>httpGet probes and hooks: any status from 200 to 399 is success, and certificates are not checked.</summary>
internal sealed class HttpProber : IDisposable
{
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

        using var request = new HttpRequestMessage(HttpMethod.Get, uri);
        request.Headers.TryAddWithoutValidation("User-Agent", "kube-probe/1.36");
        request.Headers.TryAddWithoutValidation("Accept", "*/*");
        foreach (var header in action.HttpHeaders)
        {
            request.Headers.Remove(header.Name);
            request.Headers.TryAddWithoutValidation(header.Name, header.Value);
        }

        try
        {
            using var response = await _client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancellationToken);
            var code = (int)response.StatusCode;
            return code is >= 200 and < 400 ? ProbeResult.Success : ProbeResult.Failure($"HTTP probe failed with statuscode: {code}");
        }
        catch (HttpRequestException exception) when (exception.InnerException is SocketException socket)
        {
            return Prober.SocketFailure($"Get \"{url}\": dial tcp {target.Address}:{target.Port(action.Port)}: connect: ", socket);
        }
        catch (HttpRequestException exception)
        {
            return ProbeResult.Failure($"Get \"{url}\": {exception.Message}");
        }
    }

    public void Dispose() => _client.Dispose();
}
