using Coxswain.ApiServer.Authorization;
using Coxswain.ApiServer.Users;
using Microsoft.AspNetCore.Connections.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace Coxswain.ApiServer.Authentication;

/// <summary>
/// Finds out who sends a request: a bearer token, or the connection's client certificate. Without either a request is
/// anonymous, and only the paths that say how the server is may be asked so.
/// </summary>
internal sealed class RequestAuthenticator(ServiceAccountTokens tokens)
{
    private const string BearerPrefix = "Bearer ";
    private static readonly object ConnectionUser = new();
    private static readonly string[] Audiences = [ServiceAccountTokens.Issuer];

    /// <summary>Null when the credential is not good, or there is none and there must be.</summary>
    public async ValueTask<User?> AuthenticateAsync(HttpContext context, CancellationToken cancellationToken)
    {
        var authorization = context.Request.Headers.Authorization.ToString();
        if (authorization.StartsWith(BearerPrefix, StringComparison.OrdinalIgnoreCase))
        {
            var verified = await tokens.VerifyAsync(authorization[BearerPrefix.Length..].Trim(), Audiences, cancellationToken);
            return verified?.User;
        }

        return OfConnection(context) ?? (PublicPaths.Contains(context.Request.Path.Value ?? "") ? User.Anonymous : null);
    }

    /// <summary>A connection's certificate is read once, for its first request.</summary>
    private static User? OfConnection(HttpContext context)
    {
        var items = context.Features.Get<IConnectionItemsFeature>()?.Items;
        if (items is not null && items.TryGetValue(ConnectionUser, out var known))
        {
            return known as User;
        }

        // The handshake refused certificates that are not our authority's.
        var certificate = context.Features.Get<ITlsConnectionFeature>()?.ClientCertificate;
        var user = certificate is null ? null : CertificateAuthenticator.UserOf(certificate);
        if (items is not null)
        {
            items[ConnectionUser] = user;
        }

        return user;
    }
}
