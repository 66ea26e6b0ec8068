using System.Text.Json.Nodes;
using Coxswain.Api.Authorization.V1;
using Coxswain.ApiServer.Authorization;
using Coxswain.ApiServer.Resources;

namespace Coxswain.ApiServer.Requests;

/// <summary>"What may I do in this namespace?".</summary>
internal sealed class RulesReviewHandler(RbacAuthorizer authorizer) : IPostHandler
{
    public async ValueTask<JsonObject> HandleAsync(ApiRequest request, JsonObject body, CancellationToken cancellationToken)
    {
        var spec = Answers.Read<SelfSubjectRulesReview>(body).Spec;
        var rules = await authorizer.RulesForAsync(request.User, spec.Namespace, cancellationToken);
        body["status"] = Answers.Of(new SubjectRulesReviewStatus
        {
            ResourceRules = [.. rules.Where(rule => rule.Resources.Count > 0).Select(rule => new ResourceRule
            {
                Verbs = rule.Verbs,
                ApiGroups = rule.ApiGroups,
                Resources = rule.Resources,
                ResourceNames = rule.ResourceNames,
            })],
            NonResourceRules = [.. rules.Where(rule => rule.NonResourceURLs.Count > 0).Select(rule => new NonResourceRule
            {
                Verbs = rule.Verbs,
                NonResourceURLs = rule.NonResourceURLs,
            })],
        });
        return body;
    }
}
