using System.Text.Json.Nodes;
using Coxswain.Api.Authentication.V1;
using Coxswain.ApiServer.Resources;

namespace Coxswain.ApiServer.Requests;

/// <summary>"Who am I?", as <c>kubectl auth whoami</c> asks.</summary>
internal sealed class SelfReviewHandler : IPostHandler
{
    public ValueTask<JsonObject> HandleAsync(ApiRequest request, JsonObject body, CancellationToken cancellationToken)
    {
        body["status"] = Answers.Of(new SelfSubjectReviewStatus { UserInfo = UserDocument.Of(request.User) });
        return ValueTask.FromResult(body);
    }
}
