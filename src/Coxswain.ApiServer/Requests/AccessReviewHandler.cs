using System.Text.Json.Nodes;
using Coxswain.Api.Authorization.V1;
using Coxswain.Api.Errors;
using Coxswain.Api.Selectors;
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
        if (spec.ResourceAttributes is null == spec.NonResourceAttributes is null)
        {
            throw new KubeStatusException(Statuses.BadRequest("exactly one of nonResourceAttributes or resourceAttributes must be specified"));
        }

        if (!isSelf && spec.User.Length == 0 && spec.Groups.Count == 0)
        {
            throw new KubeStatusException(Statuses.BadRequest("at least one of user or group must be specified"));
        }

        if (request.Namespace.Length > 0 && spec.ResourceAttributes?.Namespace != request.Namespace)
        {
            throw new KubeStatusException(Statuses.BadRequest($"spec.resourceAttributes.namespace must match namespace: {request.Namespace}"));
        }

        var user = isSelf ? request.User : new User(spec.User, spec.Groups) { Uid = spec.Uid, Extra = spec.Extra };
        var attributes = spec switch
        {
            { ResourceAttributes: { } resource } => new AccessAttributes(
                user, resource.Verb, resource.Group,
                resource.Subresource.Length == 0 ? resource.Resource : $"{resource.Resource}/{resource.Subresource}",
                resource.Namespace, resource.Name)
            { Fields = Fields(resource.FieldSelector) },
            _ => new AccessAttributes(user, spec.NonResourceAttributes!.Verb, "", "", Path: spec.NonResourceAttributes.Path), // one of them is there
        };
        body["status"] = new JsonObject { ["allowed"] = await authorizer.AllowsAsync(attributes, cancellationToken) };
        return body;
    }

    /// <summary>What cannot be read narrows nothing.</summary>
    private static FieldSelector? Fields(FieldSelectorAttributes? attributes)
    {
        if (attributes is null)
        {
            return null;
        }

        if (attributes.RawSelector.Length > 0)
        {
            return FieldSelector.TryParse(attributes.RawSelector, out var selector, out _) ? selector : null;
        }

        return new FieldSelector(
        [
            .. attributes.Requirements.Where(requirement => requirement is { Operator: "In" or "NotIn", Values.Count: 1 })
                .Select(requirement => new FieldRequirement(requirement.Key, requirement.Operator == "NotIn", requirement.Values[0])),
        ]);
    }
}
