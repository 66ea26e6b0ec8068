using System.Text.Json.Nodes;
using Coxswain.Api.Authorization.V1;
using Coxswain.ApiServer.Authorization;
using Coxswain.ApiServer.Resources;
using Coxswain.ApiServer.Users;

namespace Coxswain.ApiServer.Requests;

/// <summary>"May I?" and "may they?".</summary>
internal sealed class AccessReviewHandler(IAuthorizer authorizer, bool isSelf) : IPostHandler
{
    public async ValueTask<JsonObject> HandleAsync(ApiRequest request, JsonObject body, CancellationToken cancellationToken)
    {
        var spec = Answers.Read<SubjectAccessReview>(body).Spec;
        var user = isSelf ? request.User : new User(spec.User, spec.Groups) { Uid = spec.Uid, Extra = spec.Extra };
        var attributes = spec switch
        {
            { ResourceAttributes: { } resource } => new AccessAttributes(
                user, resource.Verb, resource.Group,
                resource.Subresource.Length == 0 ? resource.Resource : $"{resource.Resource}/{resource.Subresource}",
                request.Namespace.Length > 0 ? request.Namespace : resource.Namespace, resource.Name),
            { NonResourceAttributes: { } path } => new AccessAttributes(user, path.Verb, "", "", Path: path.Path),
            _ => throw new Coxswain.Api.KubeStatusException(Coxswain.Api.Statuses.BadRequest(
                "exactly one of nonResourceAttributes or resourceAttributes must be specified")),
        };
        var allowed = await authorizer.AllowsAsync(attributes, cancellationToken);
        body["status"] = new JsonObject { ["allowed"] = allowed };
        return body;
    }
}
