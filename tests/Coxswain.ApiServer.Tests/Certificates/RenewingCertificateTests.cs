using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography.X509Certificates;
using Coxswain.ApiServer.Certificates;
using Coxswain.Store;
using Coxswain.Store.Memory;
using Coxswain.Testing.Time;
using Microsoft.Extensions.Logging.Abstractions;

namespace Coxswain.ApiServer.Tests.Certificates;

public sealed class RenewingCertificateTests : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("coxswain-pki-");
    private readonly CancellationTokenSource _end = new(Patience, TimeProvider.System);

    public void Dispose()
    {
        _end.Dispose();
        _folder.Delete(recursive: true);
    }

    [Fact]
    public async Task Server_RunningForLong_ServesARenewedCertificateToTheNextConnection()
    {
        // The clients' clock is the real one: both certificates must be good now.
        var pkiTime = new VirtualTime(TimeProvider.System.GetUtcNow() - TimeSpan.FromDays(300));
        var time = new VirtualTime(TimeProvider.System.GetUtcNow());
        using var pki = ClusterPki.Open(_folder.FullName, pkiTime);
        await using var store = new MemoryStore(new StoreOptions(), TimeProvider.System);
        await using var host = new ApiServerHost(new ApiServerOptions
        {
            Store = store,
            Pki = pki,
            Time = time,
            Random = new Random(1),
            LoggerFactory = NullLoggerFactory.Instance,
            Endpoints = [new IPEndPoint(IPAddress.Loopback, 0)],
        });
        await host.StartAsync(default);
        var first = await ServedAsync(host.Endpoints[0]);
        Assert.Equal(first, await ServedAsync(host.Endpoints[0]));
        pkiTime.Advance(TimeSpan.FromDays(300));
        while (await ServedAsync(host.Endpoints[0]) == first)
        {
            time.Advance(TimeSpan.FromHours(1));
        }
    }

    [Fact]
    public async Task Renewal_ThatFails_IsTriedAgain()
    {
        var time = new VirtualTime();
        using var pki = ClusterPki.Open(_folder.FullName, time);
        var calls = 0;
        var certificate = new RenewingCertificate(
            () => ++calls == 2 ? throw new IOException("no space left") : pki.GetOrIssue($"c{calls}", new CertificateSubject("a")), time, NullLogger.Instance);
        var first = certificate.Current;
        using var stop = new CancellationTokenSource();
        var running = certificate.RunAsync(stop.Token);
        while (ReferenceEquals(first, certificate.Current))
        {
            _end.Token.ThrowIfCancellationRequested();
            time.Advance(TimeSpan.FromHours(1));
            await Task.Yield();
        }

        await stop.CancelAsync();
        await running;
        Assert.True(calls >= 3);
    }

    [Fact]
    public void GetOrIssue_KeyOfAnotherCertificate_IsIssuedAnew()
    {
        using var pki = ClusterPki.Open(_folder.FullName, TimeProvider.System);
        var admin = pki.Admin();
        var other = pki.NodeClient();
        File.WriteAllText(Path.Combine(_folder.FullName, "pki", "admin.key"), other.KeyPem);
        using var usable = pki.Admin().ToCertificate();
        Assert.NotEqual(admin.CertificatePem, usable.ExportCertificatePem());
    }

    [Theory]
    [InlineData("admin.key")]
    [InlineData("admin.crt")]
    public void GetOrIssue_EmptyFile_IsIssuedAnew(string file)
    {
        using var pki = ClusterPki.Open(_folder.FullName, TimeProvider.System);
        var admin = pki.Admin();
        File.WriteAllText(Path.Combine(_folder.FullName, "pki", file), "");
        Assert.NotEqual(admin, pki.Admin());
    }

    [Fact]
    public void GetOrIssue_ForOtherOrganizations_IsIssuedAnew()
    {
        using var pki = ClusterPki.Open(_folder.FullName, TimeProvider.System);
        pki.GetOrIssue("a", new CertificateSubject("a") { Organizations = [ClusterPki.MastersGroup] });
        using var now = pki.GetOrIssue("a", new CertificateSubject("a")).ToCertificate();
        Assert.Equal("CN=a", now.Subject);
    }

    [Fact]
    public void Serial_OfACertificate_FollowsFromItsKey()
    {
        using var pki = ClusterPki.Open(_folder.FullName, TimeProvider.System);
        using var certificate = pki.Admin().ToCertificate();
        var hash = System.Security.Cryptography.SHA256.HashData(certificate.PublicKey.ExportSubjectPublicKeyInfo())[..16];
        hash[0] &= 0x7f;
        Assert.Equal(Convert.ToHexString(hash).TrimStart('0'), certificate.SerialNumber.TrimStart('0'));
    }

    private async Task<string> ServedAsync(IPEndPoint endpoint)
    {
        using var socket = new TcpClient();
        await socket.ConnectAsync(endpoint, _end.Token);
#pragma warning disable CA5359 // The test looks at the certificate or sends nonsense; it trusts nobody.
        await using var tls = new SslStream(socket.GetStream(), leaveInnerStreamOpen: false, (_, _, _, _) => true);
#pragma warning restore CA5359
        await tls.AuthenticateAsClientAsync(new SslClientAuthenticationOptions { TargetHost = "localhost" }, _end.Token);
        return ((X509Certificate2)tls.RemoteCertificate!).Thumbprint;
    }
}
