using Coxswain.Api.Rbac.V1;
using Coxswain.ApiServer.Certificates;
using Coxswain.ApiServer.Documents;
using Coxswain.ApiServer.Users;
using Coxswain.Store;

namespace Coxswain.ApiServer.Authorization;

/// <summary>Role-based access control over the stored roles and bindings; the masters group may do everything.</summary>
internal sealed class RbacAuthorizer(IStore store) : IAuthorizer, IAsyncDisposable
{
    private readonly StoreView<RbacRules> _rules = new(store, "/registry/rbac.authorization.k8s.io/", RbacRules.From);

    public async ValueTask<bool> AllowsAsync(AccessAttributes attributes, CancellationToken cancellationToken)
    {
        if (attributes.User.Groups.Contains(ClusterPki.MastersGroup))
        {
            return true;
        }

        var rules = await _rules.GetAsync(cancellationToken);
        foreach (var rule in rules.For(attributes.User, attributes.Namespace))
        {
            if (RbacRules.Allows(rule, attributes))
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>Every rule that holds for a user in a namespace.</summary>
    public async ValueTask<IReadOnlyList<PolicyRule>> RulesForAsync(User user, string @namespace, CancellationToken cancellationToken)
    {
        if (user.Groups.Contains(ClusterPki.MastersGroup))
        {
            return
            [
                new PolicyRule { Verbs = ["*"], ApiGroups = ["*"], Resources = ["*"] },
                new PolicyRule { Verbs = ["*"], NonResourceURLs = ["*"] },
            ];
        }

        return [.. (await _rules.GetAsync(cancellationToken)).For(user, @namespace)];
    }

    public ValueTask DisposeAsync() => _rules.DisposeAsync();
}
