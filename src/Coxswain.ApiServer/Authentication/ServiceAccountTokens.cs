using System.Security.Cryptography;
using Coxswain.ApiServer.Documents;
using Coxswain.ApiServer.Users;
using Coxswain.Store;

namespace Coxswain.ApiServer.Authentication;

/// <summary>Signs and checks service account tokens: JSON web tokens with the claims Kubernetes gives them.</summary>
internal sealed class ServiceAccountTokens(IStore store, ECDsa key, IdentitySource identities, TimeProvider time) : IDisposable
{
    public const string Issuer = "https://kubernetes.default.svc.cluster.local";

    /// <summary>Far more than a token of ours has.</summary>
    private const int MostCharacters = 16 * 1024;

    /// <summary>Signatures that need not be checked again; a node with all its Pods uses some hundreds of tokens.</summary>
    private const int MostKept = 4096;

    private static readonly TimeSpan ClockSkew = TimeSpan.FromMinutes(1);

    /// <summary>How long a token works on when the deletion of what it is bound to has begun.</summary>
    private static readonly TimeSpan DeletionGrace = TimeSpan.FromMinutes(1);

    private readonly TokenSigner _signer = new(key);
    private readonly TokenCache _checked = new(MostKept);

    public string Sign(TokenSubject subject, IReadOnlyList<string> audiences, DateTimeOffset expires) =>
        _signer.Sign(new TokenClaims(identities.NewUid(), subject, audiences, time.GetUtcNow(), expires).ToJson(Issuer));

    /// <summary>Null for a token that is not ours, expired, for somebody else, or whose account or Pod is gone.</summary>
    /// <param name="audiences">Those the caller answers to; the token must name one of them.</param>
    public async ValueTask<VerifiedToken?> VerifyAsync(string token, IReadOnlyList<string> audiences, CancellationToken cancellationToken)
    {
        if (ReadClaims(token) is not { } claims)
        {
            return null;
        }

        var named = claims.Audiences.Intersect(audiences, StringComparer.Ordinal).ToList();
        var subject = claims.Subject;
        if (named.Count == 0 || !await LivesAsync($"/registry/core/serviceaccounts/{subject.Namespace}/{subject.Name}", subject.Uid, cancellationToken)
            || (subject.Bound is { } bound && !await LivesAsync(bound.StoreKey(subject.Namespace), bound.Uid, cancellationToken)))
        {
            return null;
        }

        return new VerifiedToken(User.ServiceAccount(subject.Namespace, subject.Name) with { Uid = subject.Uid, Extra = ExtraOf(claims) }, named);
    }

    public void Dispose() => _signer.Dispose();

    /// <summary>Of a token that is ours and valid now; whose it is changes never, whether that still exists is asked each time.</summary>
    private TokenClaims? ReadClaims(string token)
    {
        if (token.Length > MostCharacters)
        {
            return null;
        }

        var cacheKey = TokenCache.KeyOf(token);
        var claims = _checked.Find(cacheKey);
        if (claims is null && _signer.Verify(token) is { } json && TokenClaims.Read(json, Issuer) is { } read)
        {
            claims = read;
            _checked.Add(cacheKey, read);
        }

        var now = time.GetUtcNow();
        if (claims is not null && claims.Expires <= now)
        {
            _checked.Remove(cacheKey);
            return null;
        }

        return claims is null || claims.IssuedAt > now + ClockSkew ? null : claims;
    }

    private static Dictionary<string, IReadOnlyList<string>> ExtraOf(TokenClaims claims)
    {
        var extra = new Dictionary<string, IReadOnlyList<string>>(StringComparer.Ordinal)
        {
            ["authentication.kubernetes.io/credential-id"] = [$"JTI={claims.Id}"],
        };
        foreach (var bound in new[] { claims.Subject.Bound, claims.Subject.Node }.OfType<BoundObject>().Where(item => item.Kind != "Secret"))
        {
            extra[$"authentication.kubernetes.io/{bound.Claim}-name"] = [bound.Name];
            extra[$"authentication.kubernetes.io/{bound.Claim}-uid"] = [bound.Uid];
        }

        return extra;
    }

    private async ValueTask<bool> LivesAsync(string storeKey, string uid, CancellationToken cancellationToken) =>
        await store.GetAsync(storeKey, cancellationToken) is { } entry
        && StoredObject.ReadMetadata(entry) is var metadata && metadata.Uid == uid
        && (metadata.DeletionTimestamp is not { } deletion || deletion + DeletionGrace > time.GetUtcNow());
}
