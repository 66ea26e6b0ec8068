using Coxswain.Api.Rbac.V1;
using Coxswain.Api.Selectors;
using Coxswain.Client;
using Coxswain.Client.Informers;
using Coxswain.Client.Reconcilers;

namespace Coxswain.Controllers.Core;

/// <summary>
/// Keeps the rules of every ClusterRole that has an aggregationRule the sum of the roles its selectors choose, in the order of
/// their names, so that the same roles always give the same sum.
/// </summary>
internal sealed class ClusterRoleAggregationController : KeyedController
{
    private readonly IKubeClient _client;
    private readonly Informer<ClusterRole> _roles;

    public ClusterRoleAggregationController(ControllerContext context)
        : base("clusterrole-aggregation-controller", context)
    {
        _client = context.ClientFor("clusterrole-aggregation-controller");
        _roles = context.Informers.Of<ClusterRole>();
    }

    protected override IReadOnlyList<IInformer> Inputs => [_roles];

    public override async Task<Requeue> ReconcileAsync(NamespacedName key, CancellationToken cancellationToken)
    {
        if (_roles.Get(key) is { AggregationRule: not null } sum)
        {
            var rules = Sum(sum, _roles.List());
            if (!rules.SequenceEqual(sum.Rules))
            {
                await _client.UpdateAsync(sum with { Rules = rules }, cancellationToken);
            }
        }

        return Requeue.Never;
    }

    protected override void Subscribe() => _roles.OnChange((_, _) =>
    {
        foreach (var sum in _roles.List().Where(role => role.AggregationRule is not null))
        {
            Queue.Add(NamespacedName.Of(sum));
        }
    });

    private static IReadOnlyList<PolicyRule> Sum(ClusterRole sum, IEnumerable<ClusterRole> all)
    {
        var selectors = sum.AggregationRule!.ClusterRoleSelectors.Select(LabelSelector.From).ToList(); // the caller asked
        return
        [
            .. all.Where(role => role.Metadata.Name != sum.Metadata.Name && selectors.Exists(selector => selector.Matches(role.Metadata.Labels)))
                .OrderBy(role => role.Metadata.Name, StringComparer.Ordinal)
                .SelectMany(role => role.Rules)
                .Distinct(),
        ];
    }
}
