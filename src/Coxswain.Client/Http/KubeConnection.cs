using System.Net.Security;
using System.Security.Cryptography.X509Certificates;

namespace Coxswain.Client.Http;

/// <summary>Where an API server is, whom to trust, and who we are.</summary>
/// <param name="Authorities">The CAs that may have signed the server's certificate; empty for the system's.</param>
/// <param name="Certificate">The client certificate; null for none.</param>
/// <param name="Token">The bearer token as it is now (files of tokens are renewed under us), or null.</param>
public sealed record KubeConnection(Uri Server, X509Certificate2Collection Authorities, X509Certificate2? Certificate, Func<string?> Token)
{
    /// <summary>Any certificate of the server will do. Only where a kubeconfig says so.</summary>
    public bool SkipTlsVerify { get; init; }

    internal SocketsHttpHandler CreateHandler()
    {
        var handler = new SocketsHttpHandler
        {
            // Each watch is a stream for good; one connection takes about a hundred.
            EnableMultipleHttp2Connections = true,
            KeepAlivePingDelay = TimeSpan.FromSeconds(30),
            KeepAlivePingTimeout = TimeSpan.FromSeconds(15),
            UseProxy = false,
            AllowAutoRedirect = false,
        };
        if (Certificate is not null)
        {
            handler.SslOptions.ClientCertificates = [Certificate];
        }

        if (SkipTlsVerify)
        {
#pragma warning disable CA5359 // What insecure-skip-tls-verify asks for.
            handler.SslOptions.RemoteCertificateValidationCallback = (_, _, _, _) => true;
#pragma warning restore CA5359
        }
        else if (Authorities.Count > 0)
        {
            handler.SslOptions.RemoteCertificateValidationCallback = (_, certificate, _, errors) =>
                (errors & ~SslPolicyErrors.RemoteCertificateChainErrors) == 0 && certificate is not null && IsTrusted(certificate);
        }

        return handler;
    }

    private bool IsTrusted(X509Certificate certificate)
    {
        using var chain = new X509Chain();
        chain.ChainPolicy.TrustMode = X509ChainTrustMode.CustomRootTrust;
        chain.ChainPolicy.CustomTrustStore.AddRange(Authorities);
        chain.ChainPolicy.RevocationMode = X509RevocationMode.NoCheck;
        using var copy = new X509Certificate2(certificate);
        return chain.Build(copy);
    }
}
