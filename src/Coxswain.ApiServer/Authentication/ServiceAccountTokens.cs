using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Coxswain.Api;
using Coxswain.ApiServer.Documents;
using Coxswain.ApiServer.Users;
using Coxswain.Store;

namespace Coxswain.ApiServer.Authentication;

/// <summary>Whom a service account token is for and what it dies with.</summary>
/// <param name="PodName">Empty when the token is not bound to a Pod.</param>
internal sealed record TokenSubject(string Namespace, string Name, string Uid, string PodName = "", string PodUid = "");

/// <summary>A token that was checked.</summary>
internal sealed record VerifiedToken(User User, IReadOnlyList<string> Audiences);

/// <summary>Signs and checks service account tokens: JSON web tokens with the claims Kubernetes gives them.</summary>
internal sealed class ServiceAccountTokens(IStore store, ECDsa key, IdentitySource identities, TimeProvider time)
{
    public const string Issuer = "https://kubernetes.default.svc.cluster.local";

    private static readonly string Header = Base64Url.EncodeToString("{\"alg\":\"ES256\",\"kid\":\"coxswain\",\"typ\":\"JWT\"}"u8);

    public string Sign(TokenSubject subject, IReadOnlyList<string> audiences, DateTimeOffset expires)
    {
        var now = time.GetUtcNow().ToUnixTimeSeconds();
        var kubernetes = new JsonObject
        {
            ["namespace"] = subject.Namespace,
            ["serviceaccount"] = new JsonObject { ["name"] = subject.Name, ["uid"] = subject.Uid },
        };
        if (subject.PodName.Length > 0)
        {
            kubernetes["pod"] = new JsonObject { ["name"] = subject.PodName, ["uid"] = subject.PodUid };
        }

        var claims = new JsonObject
        {
            ["aud"] = new JsonArray([.. audiences.Select(audience => JsonValue.Create(audience))]),
            ["exp"] = expires.ToUnixTimeSeconds(),
            ["iat"] = now,
            ["iss"] = Issuer,
            ["jti"] = identities.NewUid(),
            ["kubernetes.io"] = kubernetes,
            ["nbf"] = now,
            ["sub"] = $"system:serviceaccount:{subject.Namespace}:{subject.Name}",
        };
        var signed = $"{Header}.{Base64Url.EncodeToString(Encoding.UTF8.GetBytes(claims.ToJsonString()))}";
        lock (key)
        {
            return $"{signed}.{Base64Url.EncodeToString(key.SignData(Encoding.ASCII.GetBytes(signed), HashAlgorithmName.SHA256))}";
        }
    }

    /// <summary>Null for a token that is not ours, expired, for somebody else, or whose account or Pod is gone.</summary>
    /// <param name="audiences">Those the caller answers to; the token must name one of them.</param>
    public async ValueTask<VerifiedToken?> VerifyAsync(string token, IReadOnlyList<string> audiences, CancellationToken cancellationToken)
    {
        if (ReadClaims(token) is not { } claims || claims.TextAt("iss") != Issuer || claims["kubernetes.io"] is not JsonObject kubernetes)
        {
            return null;
        }

        var now = time.GetUtcNow().ToUnixTimeSeconds();
        if (claims.Integer("exp") is not { } expires || expires <= now || claims.Integer("nbf") > now + 60)
        {
            return null;
        }

        var named = claims["aud"].Texts().Intersect(audiences).ToList();
        var @namespace = kubernetes.TextAt("namespace");
        var name = kubernetes.TextAt("serviceaccount", "name");
        var uid = kubernetes.TextAt("serviceaccount", "uid");
        if (named.Count == 0 || !await ExistsAsync($"/registry/core/serviceaccounts/{@namespace}/{name}", uid, cancellationToken))
        {
            return null;
        }

        var user = User.ServiceAccount(@namespace, name) with { Uid = uid };
        var pod = kubernetes.TextAt("pod", "name");
        if (pod.Length > 0)
        {
            var podUid = kubernetes.TextAt("pod", "uid");
            if (!await ExistsAsync($"/registry/core/pods/{@namespace}/{pod}", podUid, cancellationToken))
            {
                return null;
            }

            user = user with
            {
                Extra = new Dictionary<string, IReadOnlyList<string>>(StringComparer.Ordinal)
                {
                    ["authentication.kubernetes.io/pod-name"] = [pod],
                    ["authentication.kubernetes.io/pod-uid"] = [podUid],
                },
            };
        }

        return new VerifiedToken(user, named);
    }

    private async ValueTask<bool> ExistsAsync(string storeKey, string uid, CancellationToken cancellationToken) =>
        await store.GetAsync(storeKey, cancellationToken) is { } entry && StoredObject.ReadMetadata(entry).Uid == uid;

    /// <summary>The claims of a token whose signature is ours; null for any other text.</summary>
    private JsonObject? ReadClaims(string token)
    {
        var parts = token.Split('.');
        if (parts.Length != 3 || parts[0] != Header)
        {
            return null;
        }

        try
        {
            var signature = Base64Url.DecodeFromChars(parts[2]);
            lock (key)
            {
                if (!key.VerifyData(Encoding.ASCII.GetBytes($"{parts[0]}.{parts[1]}"), signature, HashAlgorithmName.SHA256))
                {
                    return null;
                }
            }

            return JsonNode.Parse(Base64Url.DecodeFromChars(parts[1])) as JsonObject;
        }
        catch (Exception exception) when (exception is FormatException or JsonException)
        {
            return null;
        }
    }
}
