using Coxswain.Api.Meta.V1;
using Coxswain.Api.Rbac.V1;
using Coxswain.Client;

namespace Coxswain.Controllers.Tests.Core;

public sealed class ClusterRoleAggregationControllerTests
{
    [Fact]
    public async Task Sum_OfSums_FollowsItsPartsAsTheyComeAndGo()
    {
        await using var cluster = await ControlPlane.StartAsync();
        await cluster.Client.CreateAsync(Sum("outer", "to-outer"), default);
        await cluster.Client.CreateAsync(Sum("inner", "to-inner", "to-outer"), default);
        await cluster.Client.CreateAsync(Part("b", "to-inner", "jobs"), default);
        await cluster.Client.CreateAsync(Part("a", "to-inner", "pods"), default);
        await cluster.WaitForAsync<ClusterRole>("the outer sum", roles => Resources(roles, "outer") == "pods,jobs");
        await cluster.Client.DeleteAsync<ClusterRole>(null, "a", DeleteOptions.Empty, default);
        await cluster.WaitForAsync<ClusterRole>("the outer sum without what is gone", roles => Resources(roles, "outer") == "jobs");
    }

    private static string Resources(IReadOnlyList<ClusterRole> roles, string name) =>
        string.Join(',', roles.Single(role => role.Metadata.Name == name).Rules.SelectMany(rule => rule.Resources));

    private static ClusterRole Sum(string name, string selected, params string[] labels) => Labelled(name, labels) with
    {
        AggregationRule = new AggregationRule
        {
            ClusterRoleSelectors = [new LabelSelector { MatchLabels = new Dictionary<string, string> { [selected] = "true" } }],
        },
    };

    private static ClusterRole Part(string name, string label, string resource) =>
        Labelled(name, label) with { Rules = [new PolicyRule { ApiGroups = [""], Resources = [resource], Verbs = ["get"] }] };

    private static ClusterRole Labelled(string name, params string[] labels) =>
        new() { Metadata = ObjectMeta.Empty with { Name = name, Labels = labels.ToDictionary(label => label, _ => "true") } };
}
