using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Coxswain.ApiServer.Authentication;
using Coxswain.ApiServer.Certificates;

namespace Coxswain.ApiServer.Tests.Authentication;

public class CertificateAuthenticatorTests
{
    private const string ServerAuth = "1.3.6.1.5.5.7.3.1";
    private const string ClientAuth = "1.3.6.1.5.5.7.3.2";

    /// <summary>As with Go's verification, a certificate that names no usage is good for any.</summary>
    [Theory]
    [InlineData(true, ClientAuth)]
    [InlineData(true, ServerAuth, ClientAuth)]
    [InlineData(false, ServerAuth)]
    [InlineData(true)]
    public void Certificate_IsTrustedForWhatItWasMadeFor(bool isTrusted, params string[] usages)
    {
        using var authority = CertificateAuthority.Create("coxswain-ca", TimeProvider.System);
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=n1", key, HashAlgorithmName.SHA256);
        if (usages.Length > 0)
        {
            request.CertificateExtensions.Add(new X509EnhancedKeyUsageExtension([.. usages.Select(usage => new Oid(usage))], critical: false));
        }

        var now = TimeProvider.System.GetUtcNow();
        using var certificate = request.Create(authority.Certificate, now, now + TimeSpan.FromHours(1), [1]);
        Assert.Equal(isTrusted, new CertificateAuthenticator(authority, TimeProvider.System).IsTrusted(certificate));
    }
}
