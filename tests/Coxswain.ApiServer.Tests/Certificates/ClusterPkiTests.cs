using System.Net;
using System.Security.Cryptography.X509Certificates;
using Coxswain.ApiServer.Certificates;

namespace Coxswain.ApiServer.Tests.Certificates;

public sealed class ClusterPkiTests : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("coxswain-pki-");

    public void Dispose() => _folder.Delete(recursive: true);

    [Fact]
    public void Open_Again_KeepsEverything()
    {
        using var first = ClusterPki.Open(_folder.FullName, TimeProvider.System);
        var admin = first.Admin();
        using var second = ClusterPki.Open(_folder.FullName, TimeProvider.System);
        Assert.Equal(first.Authority.CertificatePem, second.Authority.CertificatePem);
        Assert.Equal(admin, second.Admin());
    }

    [Fact]
    public void ApiServer_NewAddress_IsIssuedAnew()
    {
        using var pki = ClusterPki.Open(_folder.FullName, TimeProvider.System);
        var before = pki.ApiServer([IPAddress.Loopback], []);
        Assert.Equal(before, pki.ApiServer([IPAddress.Loopback], []));
        var after = pki.ApiServer([IPAddress.Loopback, IPAddress.Parse("10.244.0.1")], []);
        using var certificate = X509Certificate2.CreateFromPem(after.CertificatePem);
        Assert.True(certificate.MatchesHostname("10.244.0.1"));
        Assert.True(certificate.MatchesHostname("kubernetes.default.svc"));
    }

    [Fact]
    public void GetOrIssue_NearItsEnd_IsRenewed()
    {
        KeyAndCertificate before;
        using (var pki = ClusterPki.Open(_folder.FullName, TimeProvider.System))
        {
            before = pki.Admin();
        }

        using var later = ClusterPki.Open(_folder.FullName, new LaterTime(TimeSpan.FromDays(300)));
        Assert.NotEqual(before.CertificatePem, later.Admin().CertificatePem);
    }

    [Fact]
    public void Keys_AreReadableByTheOwnerOnly()
    {
        using var pki = ClusterPki.Open(_folder.FullName, TimeProvider.System);
        pki.Admin();
        foreach (var key in Directory.GetFiles(Path.Combine(_folder.FullName, "pki"), "*.key"))
        {
            Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(key));
        }
    }

    private sealed class LaterTime(TimeSpan offset) : TimeProvider
    {
        public override DateTimeOffset GetUtcNow() => base.GetUtcNow() + offset;
    }
}
