using System.Buffers.Text;
using System.Collections.Concurrent;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Coxswain.ApiServer.Authentication;

/// <summary>Signs claims into JSON web tokens and checks signatures. Checks run beside each other, each with a key of its own.</summary>
internal sealed class TokenSigner(ECDsa key) : IDisposable
{
    private static readonly string Header = Base64Url.EncodeToString("{\"alg\":\"ES256\",\"kid\":\"coxswain\",\"typ\":\"JWT\"}"u8);

    private readonly ECParameters _public = key.ExportParameters(includePrivateParameters: false);

    /// <summary>At most as many as checks ever ran at once.</summary>
    private readonly ConcurrentBag<ECDsa> _checkers = [];

    public string Sign(JsonObject claims)
    {
        var signed = $"{Header}.{Base64Url.EncodeToString(Encoding.UTF8.GetBytes(claims.ToJsonString()))}";
        lock (key)
        {
            return $"{signed}.{Base64Url.EncodeToString(key.SignData(Encoding.ASCII.GetBytes(signed), HashAlgorithmName.SHA256))}";
        }
    }

    /// <summary>The claims of a token whose signature is ours; null for any other text.</summary>
    public JsonObject? Verify(string token)
    {
        var parts = token.Split('.', 4);
        if (parts.Length != 3 || parts[0] != Header)
        {
            return null;
        }

        try
        {
            return HasOurSignature($"{parts[0]}.{parts[1]}", Base64Url.DecodeFromChars(parts[2]))
                ? JsonNode.Parse(Base64Url.DecodeFromChars(parts[1])) as JsonObject : null;
        }
        catch (Exception exception) when (exception is FormatException or JsonException)
        {
            return null;
        }
    }

    public void Dispose()
    {
        while (_checkers.TryTake(out var checker))
        {
            checker.Dispose();
        }
    }

    private bool HasOurSignature(string signed, byte[] signature)
    {
        var checker = _checkers.TryTake(out var kept) ? kept : ECDsa.Create(_public);
        try
        {
            return checker.VerifyData(Encoding.UTF8.GetBytes(signed), signature, HashAlgorithmName.SHA256);
        }
        finally
        {
            _checkers.Add(checker);
        }
    }
}
