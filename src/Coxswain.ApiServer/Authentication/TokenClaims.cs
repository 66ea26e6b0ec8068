using System.Text.Json.Nodes;
using Coxswain.Api.Json;
using Coxswain.ApiServer.Documents;

namespace Coxswain.ApiServer.Authentication;

/// <summary>What a service account token says of itself.</summary>
internal sealed record TokenClaims(
    string Id, TokenSubject Subject, IReadOnlyList<string> Audiences, DateTimeOffset IssuedAt, DateTimeOffset Expires)
{
    private static readonly string[] BoundKinds = ["Pod", "Secret", "Node"];

    public JsonObject ToJson(string issuer)
    {
        var kubernetes = new JsonObject
        {
            ["namespace"] = Subject.Namespace,
            ["serviceaccount"] = new JsonObject { ["name"] = Subject.Name, ["uid"] = Subject.Uid },
        };
        foreach (var bound in (ReadOnlySpan<BoundObject?>)[Subject.Bound, Subject.Node])
        {
            if (bound is not null)
            {
                kubernetes[bound.Claim] = new JsonObject { ["name"] = bound.Name, ["uid"] = bound.Uid };
            }
        }

        return new JsonObject
        {
            ["aud"] = new JsonArray([.. Audiences.Select(audience => JsonValue.Create(audience))]),
            ["exp"] = Expires.ToUnixTimeSeconds(),
            ["iat"] = IssuedAt.ToUnixTimeSeconds(),
            ["iss"] = issuer,
            ["jti"] = Id,
            ["kubernetes.io"] = kubernetes,
            ["nbf"] = IssuedAt.ToUnixTimeSeconds(),
            ["sub"] = $"system:serviceaccount:{Subject.Namespace}:{Subject.Name}",
        };
    }

    /// <summary>Null when they are not those of a service account of this issuer.</summary>
    public static TokenClaims? Read(JsonObject claims, string issuer)
    {
        if (claims.TextAt("iss") != issuer || claims["kubernetes.io"] is not JsonObject kubernetes
            || claims.Integer("exp") is not { } expires || claims.Integer("nbf") is not { } notBefore)
        {
            return null;
        }

        List<BoundObject> bound = [.. BoundKinds.Select(kind => Bound(kubernetes, kind)).OfType<BoundObject>()];
        var subject = new TokenSubject(
            kubernetes.TextAt("namespace"), kubernetes.TextAt("serviceaccount", "name"), kubernetes.TextAt("serviceaccount", "uid"),
            bound.FirstOrDefault(), bound.Find(item => item.Kind == "Node"));
        return new TokenClaims(
            claims.TextAt("jti"), subject, [.. claims["aud"].Texts()], DateTimeOffset.FromUnixTimeSeconds(notBefore),
            DateTimeOffset.FromUnixTimeSeconds(expires));
    }

    private static BoundObject? Bound(JsonObject kubernetes, string kind)
    {
        var claim = kind.ToLowerInvariant();
        return kubernetes.TextAt(claim, "name") is { Length: > 0 } name ? new BoundObject(kind, name, kubernetes.TextAt(claim, "uid")) : null;
    }
}
