using System.Net.Security;
using System.Security.Cryptography.X509Certificates;
using Coxswain.ApiServer.Certificates;

namespace Coxswain.ApiServer.Http.Tunnels;

/// <summary>The HTTP clients by which requests are passed on.</summary>
internal static class BackendClients
{
    /// <summary>To nodes' own endpoints: they must be of the cluster's authority, and are shown who we are.</summary>
    public static HttpMessageInvoker ToNodes(ClusterPki pki, RenewingCertificate certificate) => Make(new SslClientAuthenticationOptions
    {
        LocalCertificateSelectionCallback = (_, _, _, _, _) => certificate.Current,
        CertificateChainPolicy = new X509ChainPolicy
        {
            TrustMode = X509ChainTrustMode.CustomRootTrust,
            CustomTrustStore = { pki.Authority.Certificate },
            RevocationMode = X509RevocationMode.NoCheck,
        },
    });

    /// <summary>To whatever answers at a pod's address: Kubernetes trusts it, and sends it no credentials.</summary>
    public static HttpMessageInvoker ToAnybody()
    {
#pragma warning disable CA5359
        return Make(new SslClientAuthenticationOptions { RemoteCertificateValidationCallback = (_, _, _, _) => true });
#pragma warning restore CA5359
    }

    private static HttpMessageInvoker Make(SslClientAuthenticationOptions tls) => new(new SocketsHttpHandler
    {
        UseProxy = false,
        UseCookies = false,
        AllowAutoRedirect = false,
        ActivityHeadersPropagator = null,
        ConnectTimeout = TimeSpan.FromSeconds(30),
        SslOptions = tls,
    });
}
