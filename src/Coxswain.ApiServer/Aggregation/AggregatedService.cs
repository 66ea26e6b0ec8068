using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using System.Text.Json.Nodes;
using Coxswain.Api.Json;
using Coxswain.ApiServer.Certificates;
using Coxswain.ApiServer.Resources;
using Coxswain.ApiServer.Webhooks;

namespace Coxswain.ApiServer.Aggregation;

/// <summary>One APIService that is served by a Service of the cluster: where it is, and what it said when it was last asked.</summary>
internal sealed class AggregatedService : IDisposable
{
    private volatile RemoteGroupVersion _said;

    /// <param name="certificate">What the server shows, so that it is believed who its clients are.</param>
    public AggregatedService(string name, JsonObject spec, ServiceDialer dialer, RenewingCertificate certificate)
    {
        var service = spec.ObjectOrNew("service");
        Name = name;
        Identity = spec.ToJsonString();
        Port = new ServicePort(service.Text("namespace"), service.Text("name"), (int)(service.Integer("port") ?? 443));
        _said = new RemoteGroupVersion(spec.Text("group"), spec.Text("version"), [], IsStale: true);
        Client = new HttpClient(Handler(spec, dialer, certificate)) { Timeout = Timeout.InfiniteTimeSpan };
    }

    public string Name { get; }

    /// <summary>What it follows from; another spec is another one.</summary>
    public string Identity { get; }

    public ServicePort Port { get; }

    public HttpClient Client { get; }

    public RemoteGroupVersion Said
    {
        get => _said;
        set => _said = value;
    }

    public string Address => $"https://{Port.Host}:{Port.Port}";

    public void Dispose() => Client.Dispose();

    private SocketsHttpHandler Handler(JsonObject spec, ServiceDialer dialer, RenewingCertificate certificate)
    {
        var options = new SslClientAuthenticationOptions { LocalCertificateSelectionCallback = (_, _, _, _, _) => certificate.Current };
        if (spec.Truth("insecureSkipTLSVerify") == true)
        {
#pragma warning disable CA5359 // What the APIService asks for, in so many words.
            options.RemoteCertificateValidationCallback = (_, _, _, _) => true;
#pragma warning restore CA5359
        }
        else if (WebhookTarget.AuthorityOf(spec.Text("caBundle")) is { Length: > 0 } pem)
        {
            options.CertificateChainPolicy = new X509ChainPolicy { TrustMode = X509ChainTrustMode.CustomRootTrust, RevocationMode = X509RevocationMode.NoCheck };
            try
            {
                options.CertificateChainPolicy.CustomTrustStore.ImportFromPem(pem);
            }
            catch (CryptographicException)
            {
                // Nobody is trusted then, and the condition says what the handshake says.
            }
        }

        return new SocketsHttpHandler
        {
            UseProxy = false,
            AllowAutoRedirect = false,
            UseCookies = false,
            SslOptions = options,
            PooledConnectionIdleTimeout = TimeSpan.FromSeconds(90),
            PooledConnectionLifetime = TimeSpan.FromMinutes(5),
            RequestHeaderEncodingSelector = (_, _) => Encoding.UTF8,
            ConnectCallback = (_, cancellationToken) => dialer.ConnectAsync(Port, cancellationToken),
        };
    }
}
