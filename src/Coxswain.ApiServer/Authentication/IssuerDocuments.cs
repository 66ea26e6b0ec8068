using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;

namespace Coxswain.ApiServer.Authentication;

/// <summary>What others need to check our service account tokens themselves (OpenID discovery).</summary>
internal static class IssuerDocuments
{
    public static byte[] Configuration() => Encoding.UTF8.GetBytes(new JsonObject
    {
        ["issuer"] = ServiceAccountTokens.Issuer,
        ["jwks_uri"] = $"{ServiceAccountTokens.Issuer}/openid/v1/jwks",
        ["response_types_supported"] = new JsonArray("id_token"),
        ["subject_types_supported"] = new JsonArray("public"),
        ["id_token_signing_alg_values_supported"] = new JsonArray("ES256"),
    }.ToJsonString());

    public static byte[] KeySet(ECDsa key)
    {
        var point = key.ExportParameters(includePrivateParameters: false).Q;
        return Encoding.UTF8.GetBytes(new JsonObject
        {
            ["keys"] = new JsonArray(new JsonObject
            {
                ["use"] = "sig",
                ["kty"] = "EC",
                ["kid"] = "coxswain",
                ["crv"] = "P-256",
                ["alg"] = "ES256",
                ["x"] = Base64Url.EncodeToString(point.X),
                ["y"] = Base64Url.EncodeToString(point.Y),
            }),
        }.ToJsonString());
    }
}
