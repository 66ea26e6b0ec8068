using Coxswain.Api.Rbac.V1;
using Coxswain.ApiServer.Certificates;
using Coxswain.ApiServer.Users;
using Coxswain.Store;

namespace Coxswain.ApiServer.Authorization;

/// <summary>Role-based access control over the stored roles and bindings; the masters group may do everything.</summary>
internal sealed class RbacAuthorizer(IStore store) : IAuthorizer, IAsyncDisposable
{
    /// <summary>What the masters group holds.</summary>
    public static readonly IReadOnlyList<PolicyRule> Everything =
    [
        new PolicyRule { Verbs = ["*"], ApiGroups = ["*"], Resources = ["*"] },
        new PolicyRule { Verbs = ["*"], NonResourceURLs = ["*"] },
    ];

    private readonly RbacRules _rules = new(store);

    public static bool IsMaster(User user) => user.Groups.Contains(ClusterPki.MastersGroup);

    public async ValueTask<bool> AllowsAsync(AccessAttributes attributes, CancellationToken cancellationToken)
    {
        if (IsMaster(attributes.User))
        {
            return true;
        }

        await _rules.CatchUpAsync(cancellationToken);
        return _rules.Allows(attributes);
    }

    /// <summary>Every rule that holds for a user in a namespace.</summary>
    public async ValueTask<IReadOnlyList<PolicyRule>> RulesForAsync(User user, string @namespace, CancellationToken cancellationToken)
    {
        if (IsMaster(user))
        {
            return Everything;
        }

        await _rules.CatchUpAsync(cancellationToken);
        return _rules.For(user, @namespace);
    }

    /// <summary>The rules of a role; null when there is none of the name.</summary>
    /// <param name="namespace">Empty for a ClusterRole.</param>
    public async ValueTask<IReadOnlyList<PolicyRule>?> RulesOfRoleAsync(string @namespace, string name, CancellationToken cancellationToken)
    {
        await _rules.CatchUpAsync(cancellationToken);
        return _rules.OfRole(@namespace, name);
    }

    public ValueTask DisposeAsync() => _rules.DisposeAsync();
}
