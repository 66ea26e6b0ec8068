using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using Coxswain.Api.Core.V1;

namespace Coxswain.Network.Ingresses;

/// <summary>Turns Secrets into the files that nginx reads.</summary>
internal static class IngressSecrets
{
    /// <summary>A certificate with its key; null with the reason when nginx could not use them.</summary>
    public static string? Certificate(Secret? secret, out string reason)
    {
        reason = "";
        if (secret is null)
        {
            reason = "does not exist";
            return null;
        }

        if (!secret.Data.TryGetValue("tls.crt", out var certificate) || !secret.Data.TryGetValue("tls.key", out var key))
        {
            reason = "has no tls.crt and tls.key";
            return null;
        }

        try
        {
            var (certificatePem, keyPem) = (Encoding.ASCII.GetString(certificate.Span), Encoding.ASCII.GetString(key.Span));
            using var pair = X509Certificate2.CreateFromPem(certificatePem, keyPem);
            return $"{certificatePem.Trim()}\n{keyPem.Trim()}\n";
        }
        catch (Exception exception) when (exception is CryptographicException or ArgumentException)
        {
            reason = "holds no certificate with its key";
            return null;
        }
    }

    /// <summary>Lines of htpasswd; null with the reason when there are none.</summary>
    /// <param name="isFile">They are the value of <c>auth</c>; otherwise each key is a user.</param>
    public static string? Passwords(Secret? secret, bool isFile, out string reason)
    {
        reason = secret is null ? "does not exist" : isFile && !secret.Data.ContainsKey("auth") ? "has no key auth" : "";
        if (secret is null || reason.Length > 0)
        {
            return null;
        }

        return isFile
            ? Encoding.UTF8.GetString(secret.Data["auth"].Span).Trim() + "\n"
            : string.Concat(secret.Data.OrderBy(entry => entry.Key, StringComparer.Ordinal)
                .Select(entry => $"{entry.Key}:{Encoding.UTF8.GetString(entry.Value.Span).Trim()}\n"));
    }
}
