using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Coxswain.ApiServer.Certificates;

/// <summary>The cluster's own certificate authority: an ECDSA P-256 key that signs every certificate inside the cluster.</summary>
public sealed class CertificateAuthority : IDisposable
{
    private static readonly TimeSpan AuthorityLifetime = TimeSpan.FromDays(3650);
    private static readonly TimeSpan CertificateLifetime = TimeSpan.FromDays(365);

    /// <summary>Clocks of machines that join may be a little behind.</summary>
    private static readonly TimeSpan ClockSkew = TimeSpan.FromMinutes(5);

    private readonly X509Certificate2 _certificate;
    private readonly TimeProvider _time;

    private CertificateAuthority(X509Certificate2 certificate, TimeProvider time)
    {
        _certificate = certificate;
        _time = time;
    }

    /// <summary>The authority's certificate without its key.</summary>
    public string CertificatePem => _certificate.ExportCertificatePem();

    internal X509Certificate2 Certificate => _certificate;

    internal static CertificateAuthority Create(string commonName, TimeProvider time)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest($"CN={commonName}", key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(certificateAuthority: true, hasPathLengthConstraint: false, 0, critical: true));
        request.CertificateExtensions.Add(new X509KeyUsageExtension(
            X509KeyUsageFlags.KeyCertSign | X509KeyUsageFlags.CrlSign | X509KeyUsageFlags.DigitalSignature, critical: true));
        request.CertificateExtensions.Add(new X509SubjectKeyIdentifierExtension(request.PublicKey, critical: false));
        var now = time.GetUtcNow();
        return new CertificateAuthority(request.CreateSelfSigned(now - ClockSkew, now + AuthorityLifetime), time);
    }

    internal static CertificateAuthority Load(string certificatePem, string keyPem, TimeProvider time) =>
        new(X509Certificate2.CreateFromPem(certificatePem, keyPem), time);

    /// <summary>Makes a key and a certificate for it, valid for a year.</summary>
    public KeyAndCertificate Issue(CertificateSubject subject)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest(subject.ToName(), key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(certificateAuthority: false, hasPathLengthConstraint: false, 0, critical: true));
        request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.DigitalSignature, critical: true));
        request.CertificateExtensions.Add(new X509EnhancedKeyUsageExtension(
            [new Oid("1.3.6.1.5.5.7.3.1"), new Oid("1.3.6.1.5.5.7.3.2")], critical: false));
        request.CertificateExtensions.Add(X509AuthorityKeyIdentifierExtension.CreateFromCertificate(_certificate, includeKeyIdentifier: true, includeIssuerAndSerial: false));
        if (subject.DnsNames.Count + subject.Addresses.Count > 0)
        {
            request.CertificateExtensions.Add(AlternativeNames(subject));
        }

        var now = _time.GetUtcNow();
        var notAfter = now + CertificateLifetime;

        // As unique as the key that was just made; the key itself is all that must not be foreseeable.
        var serial = SHA256.HashData(key.ExportSubjectPublicKeyInfo())[..16];
        serial[0] &= 0x7f;
        using var certificate = request.Create(
            _certificate, now - ClockSkew, notAfter < _certificate.NotAfter ? notAfter : _certificate.NotAfter, serial);
        return new KeyAndCertificate(certificate.ExportCertificatePem(), key.ExportPkcs8PrivateKeyPem());
    }

    public void Dispose() => _certificate.Dispose();

    private static X509Extension AlternativeNames(CertificateSubject subject)
    {
        var names = new SubjectAlternativeNameBuilder();
        foreach (var dnsName in subject.DnsNames)
        {
            names.AddDnsName(dnsName);
        }

        foreach (var address in subject.Addresses)
        {
            names.AddIpAddress(address);
        }

        return names.Build();
    }
}

/// <summary>Whom a certificate names: Kubernetes reads the common name as user and the organizations as groups.</summary>
public sealed record CertificateSubject(string CommonName)
{
    public IReadOnlyList<string> Organizations { get; init; } = [];

    public IReadOnlyList<string> DnsNames { get; init; } = [];

    public IReadOnlyList<IPAddress> Addresses { get; init; } = [];

    internal X500DistinguishedName ToName()
    {
        var name = new X500DistinguishedNameBuilder();
        foreach (var organization in Organizations)
        {
            name.AddOrganizationName(organization);
        }

        name.AddCommonName(CommonName);
        return name.Build();
    }
}

/// <summary>A certificate and its private key, both as PEM.</summary>
public sealed record KeyAndCertificate(string CertificatePem, string KeyPem)
{
    /// <summary>The pair in the form that TLS streams take.</summary>
    public X509Certificate2 ToCertificate() => X509Certificate2.CreateFromPem(CertificatePem, KeyPem);
}
