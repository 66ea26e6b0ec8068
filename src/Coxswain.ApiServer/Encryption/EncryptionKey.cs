using System.Security.Cryptography;
using System.Text;

namespace Coxswain.ApiServer.Encryption;

/// <summary>One key of a provider. What it writes begins with the provider and the key's name.</summary>
internal sealed class EncryptionKey(string provider, string name, byte[] secret)
{
    private const int NonceBytes = 12;
    private const int TagBytes = 16;
    private const int BlockBytes = 16;

    public string Name => name;

    public byte[] Prefix { get; } = Encoding.UTF8.GetBytes($"k8s:enc:{provider}:v1:{name}:");

    private bool IsAuthenticated => provider == "aesgcm";

    /// <param name="context">Where the value stands: put elsewhere, it cannot be read (aesgcm).</param>
    public ReadOnlyMemory<byte> Encrypt(string context, ReadOnlyMemory<byte> value)
    {
        if (!IsAuthenticated)
        {
            using var aes = Aes.Create();
            aes.Key = secret;
            var iv = RandomNumberGenerator.GetBytes(BlockBytes);
            return (byte[])[.. Prefix, .. iv, .. aes.EncryptCbc(value.Span, iv)];
        }

        var result = new byte[Prefix.Length + NonceBytes + value.Length + TagBytes];
        Prefix.CopyTo(result, 0);
        var nonce = result.AsSpan(Prefix.Length, NonceBytes);
        RandomNumberGenerator.Fill(nonce);
        using var gcm = new AesGcm(secret, TagBytes);
        gcm.Encrypt(
            nonce, value.Span, result.AsSpan(Prefix.Length + NonceBytes, value.Length), result.AsSpan(result.Length - TagBytes), Encoding.UTF8.GetBytes(context));
        return result;
    }

    /// <exception cref="CryptographicException">It was written with another key, or changed since.</exception>
    public ReadOnlyMemory<byte> Decrypt(string context, ReadOnlyMemory<byte> stored)
    {
        var body = stored.Span[Prefix.Length..];
        if (!IsAuthenticated)
        {
            using var aes = Aes.Create();
            aes.Key = secret;
            return body.Length < BlockBytes ? throw new CryptographicException("the value is cut off") : aes.DecryptCbc(body[BlockBytes..], body[..BlockBytes]);
        }

        if (body.Length < NonceBytes + TagBytes)
        {
            throw new CryptographicException("the value is cut off");
        }

        var result = new byte[body.Length - NonceBytes - TagBytes];
        using var gcm = new AesGcm(secret, TagBytes);
        gcm.Decrypt(body[..NonceBytes], body[NonceBytes..^TagBytes], body[^TagBytes..], result, Encoding.UTF8.GetBytes(context));
        return result;
    }
}
