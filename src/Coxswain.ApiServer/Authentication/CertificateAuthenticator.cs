using System.Formats.Asn1;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Coxswain.ApiServer.Certificates;
using Coxswain.ApiServer.Users;

namespace Coxswain.ApiServer.Authentication;

/// <summary>Reads the user out of a client certificate that our authority signed.</summary>
internal sealed class CertificateAuthenticator(CertificateAuthority authority, TimeProvider time)
{
    private const string CommonNameOid = "2.5.4.3";
    private const string OrganizationOid = "2.5.4.10";
    private const string ClientAuthOid = "1.3.6.1.5.5.7.3.2";

    /// <summary>Whether the certificate is signed by our authority, valid now and made for clients: a server's own names no user.</summary>
    public bool IsTrusted(X509Certificate2 certificate)
    {
        using var chain = new X509Chain();
        chain.ChainPolicy.TrustMode = X509ChainTrustMode.CustomRootTrust;
        chain.ChainPolicy.CustomTrustStore.Add(authority.Certificate);
        chain.ChainPolicy.RevocationMode = X509RevocationMode.NoCheck;
        chain.ChainPolicy.DisableCertificateDownloads = true;
        chain.ChainPolicy.ApplicationPolicy.Add(new Oid(ClientAuthOid));
        chain.ChainPolicy.VerificationTime = time.GetUtcNow().LocalDateTime;
        chain.ChainPolicy.VerificationTimeIgnored = false;
        return chain.Build(certificate);
    }

    /// <summary>The user of a trusted certificate; null when it names none.</summary>
    public static User? UserOf(X509Certificate2 certificate)
    {
        var name = "";
        List<string> groups = [];
        foreach (var part in certificate.SubjectName.EnumerateRelativeDistinguishedNames())
        {
            if (part.HasMultipleElements)
            {
                ReadSet(part.RawData, groups, ref name);
                continue;
            }

            Take(part.GetSingleElementType().Value, part.GetSingleElementValue() ?? "", groups, ref name);
        }

        return name.Length == 0 ? null : new User(name, [.. groups, User.AuthenticatedGroup]);
    }

    /// <summary>Go's certificates put several organizations into one element.</summary>
    private static void ReadSet(ReadOnlyMemory<byte> rawData, List<string> groups, ref string name)
    {
        var set = new AsnReader(rawData, AsnEncodingRules.DER).ReadSetOf();
        while (set.HasData)
        {
            var element = set.ReadSequence();
            var oid = element.ReadObjectIdentifier();
            Take(oid, element.ReadCharacterString((UniversalTagNumber)element.PeekTag().TagValue), groups, ref name);
        }
    }

    private static void Take(string? oid, string value, List<string> groups, ref string name)
    {
        if (oid == CommonNameOid)
        {
            name = value;
        }
        else if (oid == OrganizationOid)
        {
            groups.Add(value);
        }
    }
}
