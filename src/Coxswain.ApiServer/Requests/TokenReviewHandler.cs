using System.Text.Json.Nodes;
using Coxswain.Api.Authentication.V1;
using Coxswain.ApiServer.Authentication;
using Coxswain.ApiServer.Resources;

namespace Coxswain.ApiServer.Requests;

/// <summary>"Whose token is this?".</summary>
internal sealed class TokenReviewHandler(ServiceAccountTokens tokens) : IPostHandler
{
    public async ValueTask<JsonObject> HandleAsync(ApiRequest request, JsonObject body, CancellationToken cancellationToken)
    {
        var spec = Answers.Read<TokenReview>(body).Spec;
        IReadOnlyList<string> audiences = spec.Audiences.Count > 0 ? spec.Audiences : [ServiceAccountTokens.Issuer];
        var verified = await tokens.VerifyAsync(spec.Token, audiences, cancellationToken);
        body["status"] = Answers.Of(verified is null
            ? new TokenReviewStatus { Error = "invalid bearer token" }
            : new TokenReviewStatus { Authenticated = true, User = UserDocument.Of(verified.User), Audiences = verified.Audiences });
        return body;
    }
}
