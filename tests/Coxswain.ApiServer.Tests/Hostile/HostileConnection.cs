using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using Coxswain.ApiServer.Certificates;

namespace Coxswain.ApiServer.Tests.Hostile;

/// <summary>Speaks with a server as a client that means harm: by hand, over a socket, one side of the conversation at a time.</summary>
internal sealed class HostileConnection : IAsyncDisposable
{
    private readonly TcpClient _socket;
    private readonly SslStream _tls;
    private readonly StreamReader _reader;

    private HostileConnection(TcpClient socket, SslStream tls)
    {
        _socket = socket;
        _tls = tls;
        _reader = new StreamReader(tls, Encoding.Latin1);
    }

    /// <param name="receiveBuffer">Small for one that reads nothing.</param>
    public static async Task<HostileConnection> OpenAsync(TestServer server, KeyAndCertificate certificate, int receiveBuffer = 64 * 1024)
    {
        var socket = new TcpClient { ReceiveBufferSize = receiveBuffer };
        await socket.ConnectAsync(server.Host.Endpoints[0]);
#pragma warning disable CA5359 // The test looks at the certificate or sends nonsense; it trusts nobody.
        var tls = new SslStream(socket.GetStream(), leaveInnerStreamOpen: false, (_, _, _, _) => true);
#pragma warning restore CA5359
        await tls.AuthenticateAsClientAsync(new SslClientAuthenticationOptions
        {
            TargetHost = "localhost",
            ClientCertificates = new X509Certificate2Collection(certificate.ToCertificate()),
            ApplicationProtocols = [SslApplicationProtocol.Http11],
        });
        return new HostileConnection(socket, tls);
    }

    public async Task SendAsync(string text)
    {
        await _tls.WriteAsync(Encoding.Latin1.GetBytes(text));
        await _tls.FlushAsync();
    }

    /// <summary>The first line of an answer; empty when the server closes without one.</summary>
    public async Task<string> StatusLineAsync(CancellationToken cancellationToken) => await _reader.ReadLineAsync(cancellationToken) ?? "";

    public async Task<string> HeadersAsync(CancellationToken cancellationToken)
    {
        var text = new StringBuilder();
        while (await _reader.ReadLineAsync(cancellationToken) is { Length: > 0 } line)
        {
            text.Append(line).Append('\n');
        }

        return text.ToString();
    }

    /// <summary>Reads until the server ends the connection, however it does.</summary>
    public async Task<long> ReadToEndAsync(CancellationToken cancellationToken)
    {
        var buffer = new char[16 * 1024];
        long total = 0;
        try
        {
            while (await _reader.ReadAsync(buffer, cancellationToken) is > 0 and var count)
            {
                total += count;
            }
        }
        catch (IOException)
        {
            // Reset: that is an end as well.
        }

        return total;
    }

    public async ValueTask DisposeAsync()
    {
        await _tls.DisposeAsync();
        _socket.Dispose();
    }
}
