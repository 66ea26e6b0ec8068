using System.Net.Http.Headers;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;
using Coxswain.Client.Http;

namespace Coxswain.Workloads;

/// <summary>An API server and the identity to reach it with: the current context of a kubeconfig, of whatever cluster.</summary>
internal sealed class Target
{
    private readonly X509Certificate2? _certificate;
    private readonly string? _token;

    private Target(KubeConnection connection)
    {
        Server = connection.Server;
        _certificate = connection.Certificate;
        _token = connection.Token();
    }

    public Uri Server { get; }

    public static Target FromKubeconfig(string path) => new(KubeConfig.Load(path));

    /// <summary>A client with one HTTP/2 connection of its own.</summary>
    public HttpClient OpenHttp2()
    {
        var handler = new SocketsHttpHandler { SslOptions = Options(), EnableMultipleHttp2Connections = false, InitialHttp2StreamWindowSize = 1 << 20 };
        var client = new HttpClient(handler)
        {
            BaseAddress = Server,
            Timeout = Timeout.InfiniteTimeSpan,
            DefaultRequestVersion = new Version(2, 0),
            DefaultVersionPolicy = HttpVersionPolicy.RequestVersionExact,
        };
        client.DefaultRequestHeaders.Authorization = _token is null ? null : new AuthenticationHeaderValue("Bearer", _token);
        return client;
    }

    /// <summary>A client whose every connection may be upgraded.</summary>
    public HttpClient OpenHttp1()
    {
        var client = new HttpClient(new SocketsHttpHandler { SslOptions = Options() }) { BaseAddress = Server, Timeout = Timeout.InfiniteTimeSpan };
        client.DefaultRequestHeaders.Authorization = _token is null ? null : new AuthenticationHeaderValue("Bearer", _token);
        return client;
    }

    /// <summary>One TLS connection that speaks HTTP/1.1.</summary>
    public async Task<Http1Connection> OpenAsync()
    {
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        await socket.ConnectAsync(Server.Host, Server.Port);
        var tls = new SslStream(new NetworkStream(socket, ownsSocket: true));
        var options = Options();
        options.ApplicationProtocols = [SslApplicationProtocol.Http11];
        await tls.AuthenticateAsClientAsync(options);
        return new Http1Connection(tls, Server.Authority, _token);
    }

    private SslClientAuthenticationOptions Options() => new()
    {
        TargetHost = "kubernetes",
        ClientCertificates = _certificate is null ? [] : [_certificate],
        EnabledSslProtocols = SslProtocols.None,
#pragma warning disable CA5359 // The server is measured, not trusted: it is on this machine.
        RemoteCertificateValidationCallback = (_, _, _, _) => true,
#pragma warning restore CA5359
    };
}
