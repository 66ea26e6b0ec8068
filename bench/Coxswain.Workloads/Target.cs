using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using System.Text.RegularExpressions;

namespace Coxswain.Workloads;

/// <summary>An API server and the identity to reach it with, from a kubeconfig with embedded data.</summary>
internal sealed class Target
{
    private readonly X509Certificate2 _certificate;

    private Target(Uri server, X509Certificate2 certificate)
    {
        Server = server;
        _certificate = certificate;
    }

    public Uri Server { get; }

    public static Target FromKubeconfig(string path)
    {
        var text = File.ReadAllText(path);
        string Value(string key) => Regex.Match(text, $@"{key}:\s*""?([^\s""]+)").Groups[1].Value;
        string Pem(string key) => Encoding.ASCII.GetString(Convert.FromBase64String(Value(key)));
        return new Target(new Uri(Value("server")), X509Certificate2.CreateFromPem(Pem("client-certificate-data"), Pem("client-key-data")));
    }

    /// <summary>A client with one HTTP/2 connection of its own.</summary>
    public HttpClient OpenHttp2()
    {
        var handler = new SocketsHttpHandler { SslOptions = Options(), EnableMultipleHttp2Connections = false, InitialHttp2StreamWindowSize = 1 << 20 };
        return new HttpClient(handler)
        {
            BaseAddress = Server,
            Timeout = Timeout.InfiniteTimeSpan,
            DefaultRequestVersion = new Version(2, 0),
            DefaultVersionPolicy = HttpVersionPolicy.RequestVersionExact,
        };
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
        return new Http1Connection(tls, Server.Authority);
    }

    private SslClientAuthenticationOptions Options() => new()
    {
        TargetHost = "kubernetes",
        ClientCertificates = [_certificate],
        EnabledSslProtocols = SslProtocols.None,
#pragma warning disable CA5359 // The server is measured, not trusted: it is on this machine.
        RemoteCertificateValidationCallback = (_, _, _, _) => true,
#pragma warning restore CA5359
    };
}
