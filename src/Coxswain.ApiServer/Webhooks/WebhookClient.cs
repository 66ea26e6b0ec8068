using System.Net.Http.Headers;
using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text.Json;
using System.Text.Json.Nodes;
using Coxswain.Api.Decoding;
using Coxswain.Api.Json;
using Coxswain.ApiServer.Documents;

namespace Coxswain.ApiServer.Webhooks;

/// <summary>Calls webhooks over HTTPS: a review goes out, a review comes back.</summary>
internal sealed class WebhookClient(ServiceDialer services, TimeProvider time) : IDisposable
{
    /// <summary>How many targets' connections are kept; one more and the one asked longest ago is let go.</summary>
    private const int MostTargets = 128;

    /// <summary>An answer holds at most what a request may, as a patch of a patch or in base64.</summary>
    private const int MostBytes = 4 * ObjectDecoder.MaxSizeBytes;

    private readonly Lock _lock = new();
    private readonly Dictionary<string, Kept> _clients = new(StringComparer.Ordinal);

    /// <exception cref="WebhookException">The webhook could not be asked, or did not answer with a JSON object.</exception>
    public async ValueTask<JsonObject> CallAsync(WebhookTarget target, JsonObject review, TimeSpan timeout, CancellationToken cancellationToken)
    {
        var url = $"{target.Url}{(target.Url.Contains('?', StringComparison.Ordinal) ? '&' : '?')}timeout={(int)timeout.TotalSeconds}s";
        using var clock = new CancellationTokenSource(timeout, time);
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(clock.Token, cancellationToken);
        try
        {
            using var message = new HttpRequestMessage(HttpMethod.Post, url) { Content = new ByteArrayContent(Document.Utf8(review)) };
            message.Content.Headers.ContentType = new MediaTypeHeaderValue("application/json");
            message.Headers.Accept.Add(new MediaTypeWithQualityHeaderValue("application/json"));
            using var answer = await ClientFor(target).SendAsync(message, ending.Token);
            var body = await answer.Content.ReadAsByteArrayAsync(ending.Token);
            if (!answer.IsSuccessStatusCode)
            {
                throw new WebhookException($"Post \"{url}\": the server answered {(int)answer.StatusCode}");
            }

            return KubeJson.ParseNode(body, KubeJson.MaxDepth) as JsonObject ?? throw new WebhookException($"Post \"{url}\": the answer is not a JSON object");
        }
        catch (OperationCanceledException) when (clock.IsCancellationRequested && !cancellationToken.IsCancellationRequested)
        {
            throw new WebhookException($"Post \"{url}\": context deadline exceeded");
        }
        catch (HttpRequestException exception)
        {
            throw new WebhookException($"Post \"{url}\": {exception.InnerException?.Message ?? exception.Message}", exception);
        }
        catch (Exception exception) when (exception is JsonException or UriFormatException or CryptographicException or InvalidOperationException)
        {
            throw new WebhookException($"Post \"{url}\": {exception.Message}", exception);
        }
    }

    public void Dispose()
    {
        lock (_lock)
        {
            foreach (var kept in _clients.Values)
            {
                kept.Client.Dispose();
            }

            _clients.Clear();
        }
    }

    private HttpClient ClientFor(WebhookTarget target)
    {
        // Connections are shared by those who mean the same server and trust it on the same word.
        var key = $"{new Uri(target.Url).GetLeftPart(UriPartial.Authority)} {target.Service} {target.AuthorityPem}";
        lock (_lock)
        {
            if (_clients.TryGetValue(key, out var kept))
            {
                kept.AskedAt = time.GetTimestamp();
                return kept.Client;
            }

            if (_clients.Count >= MostTargets)
            {
                // Not disposed: somebody may be in the middle of a call. Its connections end when they were idle for long enough.
                _clients.Remove(_clients.MinBy(entry => entry.Value.AskedAt).Key);
            }

            var client = NewClient(target);
            _clients.Add(key, new Kept(client) { AskedAt = time.GetTimestamp() });
            return client;
        }
    }

    private HttpClient NewClient(WebhookTarget target)
    {
        var handler = new SocketsHttpHandler
        {
            UseProxy = false,
            AllowAutoRedirect = false,
            UseCookies = false,
            PooledConnectionIdleTimeout = TimeSpan.FromSeconds(90),
            PooledConnectionLifetime = TimeSpan.FromMinutes(5),
        };
        if (target.AuthorityPem.Length > 0)
        {
            var trusted = new X509Certificate2Collection();
            trusted.ImportFromPem(target.AuthorityPem);
            var policy = new X509ChainPolicy { TrustMode = X509ChainTrustMode.CustomRootTrust, RevocationMode = X509RevocationMode.NoCheck };
            policy.CustomTrustStore.AddRange(trusted);
            handler.SslOptions = new SslClientAuthenticationOptions { CertificateChainPolicy = policy };
        }

        if (target.Service is { } port)
        {
            handler.ConnectCallback = (_, cancellationToken) => services.ConnectAsync(port, cancellationToken);
        }

        return new HttpClient(handler) { Timeout = Timeout.InfiniteTimeSpan, MaxResponseContentBufferSize = MostBytes };
    }

    private sealed class Kept(HttpClient client)
    {
        public HttpClient Client { get; } = client;

        public long AskedAt { get; set; }
    }
}
