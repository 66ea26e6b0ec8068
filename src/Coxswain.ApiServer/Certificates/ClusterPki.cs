using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Coxswain.ApiServer.Certificates;

/// <summary>
/// The keys and certificates of one cluster, in <c>&lt;data&gt;/pki</c>: made when missing, renewed when they are
/// near their end, at start and, through <see cref="RenewingCertificate"/>, while they are in use.
/// </summary>
public sealed class ClusterPki : IDisposable
{
    public const string AdminUser = "kubernetes-admin";
    public const string MastersGroup = "system:masters";

    /// <summary>The user as which the API server speaks to nodes.</summary>
    public const string NodeClientUser = "kube-apiserver-kubelet-client";

    /// <summary>The name in the certificate that aggregated servers trust.</summary>
    public const string FrontProxyUser = "front-proxy-client";

    /// <summary>A third of the lifetime: a cluster started once a season never meets an expired certificate.</summary>
    private static readonly TimeSpan RenewBefore = TimeSpan.FromDays(120);

    private readonly string _folder;
    private readonly TimeProvider _time;

    private ClusterPki(string folder, CertificateAuthority authority, CertificateAuthority frontProxy, ECDsa tokenKey, TimeProvider time)
    {
        _folder = folder;
        _time = time;
        Authority = authority;
        FrontProxyAuthority = frontProxy;
        TokenKey = tokenKey;
    }

    public CertificateAuthority Authority { get; }

    /// <summary>Signs the one certificate whose holder aggregated servers believe about who asks; nothing else is signed by it.</summary>
    internal CertificateAuthority FrontProxyAuthority { get; }

    /// <summary>Signs service account tokens.</summary>
    internal ECDsa TokenKey { get; }

    /// <summary>Opens the folder, creating the authority and the token key on first use.</summary>
    public static ClusterPki Open(string dataDirectory, TimeProvider time)
    {
        var folder = Path.Combine(dataDirectory, "pki");
        Directory.CreateDirectory(folder);
        File.SetUnixFileMode(folder, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        return new ClusterPki(
            folder, OpenAuthority(folder, "ca", "coxswain-ca", time), OpenAuthority(folder, "front-proxy-ca", "coxswain-front-proxy-ca", time),
            OpenTokenKey(Path.Combine(folder, "sa.key")), time);
    }

    private static CertificateAuthority OpenAuthority(string folder, string fileName, string commonName, TimeProvider time)
    {
        var certificateFile = Path.Combine(folder, fileName + ".crt");
        var keyFile = Path.Combine(folder, fileName + ".key");
        if (PkiFile.Read(certificateFile) is { } certificatePem && PkiFile.Read(keyFile) is { } keyPem)
        {
            return CertificateAuthority.Load(certificatePem, keyPem, time);
        }

        var authority = CertificateAuthority.Create(commonName, time);
        using var key = authority.Certificate.GetECDsaPrivateKey()!; // made with an ECDSA key just above
        PkiFile.WriteSecret(keyFile, key.ExportPkcs8PrivateKeyPem());
        PkiFile.WritePublic(certificateFile, authority.CertificatePem);
        return authority;
    }

    /// <summary>The client certificate of the cluster's owner, for the kubeconfig.</summary>
    public KeyAndCertificate Admin() => GetOrIssue("admin", new CertificateSubject(AdminUser) { Organizations = [MastersGroup] });

    /// <summary>The API server's client certificate towards the nodes' endpoints: good for those, and for nothing in the API.</summary>
    public KeyAndCertificate NodeClient() => GetOrIssue("apiserver-kubelet-client", new CertificateSubject(NodeClientUser));

    /// <summary>What the API server shows to aggregated servers when it tells them who asks.</summary>
    public KeyAndCertificate FrontProxyClient() =>
        GetOrIssue(FrontProxyAuthority, "front-proxy-client", new CertificateSubject(FrontProxyUser));

    /// <summary>The API server's own certificate.</summary>
    public KeyAndCertificate ApiServer(IEnumerable<IPAddress> addresses, IEnumerable<string> dnsNames) =>
        GetOrIssue("apiserver", new CertificateSubject("kube-apiserver")
        {
            DnsNames = ["localhost", "kubernetes", "kubernetes.default", "kubernetes.default.svc", "kubernetes.default.svc.cluster.local", .. dnsNames],
            Addresses = [.. addresses.Distinct()],
        });

    /// <summary>A node's certificate: client towards the API server, server of the node's own endpoint.</summary>
    public KeyAndCertificate Node(string nodeName, IEnumerable<IPAddress> addresses) =>
        GetOrIssue($"node-{nodeName}", new CertificateSubject($"system:node:{nodeName}")
        {
            Organizations = ["system:nodes"],
            DnsNames = [nodeName],
            Addresses = [.. addresses.Distinct()],
        });

    /// <summary>The certificate kept under a file name, issued when missing, near its end, or for another subject.</summary>
    public KeyAndCertificate GetOrIssue(string fileName, CertificateSubject subject) => GetOrIssue(Authority, fileName, subject);

    private KeyAndCertificate GetOrIssue(CertificateAuthority authority, string fileName, CertificateSubject subject)
    {
        var certificateFile = Path.Combine(_folder, fileName + ".crt");
        var keyFile = Path.Combine(_folder, fileName + ".key");
        if (PkiFile.Read(certificateFile) is { } certificatePem && PkiFile.Read(keyFile) is { } keyPem)
        {
            var kept = new KeyAndCertificate(certificatePem, keyPem);
            if (IsUsable(authority, kept, subject))
            {
                return kept;
            }
        }

        var issued = authority.Issue(subject);
        PkiFile.WriteSecret(keyFile, issued.KeyPem);
        PkiFile.WritePublic(certificateFile, issued.CertificatePem);
        return issued;
    }

    public void Dispose()
    {
        Authority.Dispose();
        FrontProxyAuthority.Dispose();
        TokenKey.Dispose();
    }

    private bool IsUsable(CertificateAuthority authority, KeyAndCertificate kept, CertificateSubject subject)
    {
        if (!BelongTogether(kept))
        {
            return false;
        }

        using var certificate = X509Certificate2.CreateFromPem(kept.CertificatePem);
        if (certificate.NotAfter.ToUniversalTime() - _time.GetUtcNow().UtcDateTime < RenewBefore
            || !certificate.IssuerName.RawData.AsSpan().SequenceEqual(authority.Certificate.SubjectName.RawData)
            || !certificate.SubjectName.RawData.AsSpan().SequenceEqual(subject.ToName().RawData))
        {
            return false;
        }

        var names = certificate.Extensions.OfType<X509SubjectAlternativeNameExtension>().FirstOrDefault();
        return subject.DnsNames.All(name => names?.EnumerateDnsNames().Contains(name) == true)
            && subject.Addresses.All(address => names?.EnumerateIPAddresses().Contains(address) == true);
    }

    /// <summary>A crash between the two files leaves a new key beside an old certificate.</summary>
    private static bool BelongTogether(KeyAndCertificate kept)
    {
        try
        {
            kept.ToCertificate().Dispose();
            return true;
        }
        catch (Exception exception) when (exception is CryptographicException or ArgumentException)
        {
            return false;
        }
    }

    private static ECDsa OpenTokenKey(string file)
    {
        var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        if (PkiFile.Read(file) is { } pem)
        {
            key.ImportFromPem(pem);
        }
        else
        {
            PkiFile.WriteSecret(file, key.ExportPkcs8PrivateKeyPem());
        }

        return key;
    }
}
