using System.Text.Json.Nodes;
using Coxswain.Api.Rbac.V1;
using Coxswain.ApiServer.Bootstrap;
using Coxswain.ApiServer.Users;
using Coxswain.Client;

namespace Coxswain.ApiServer.Tests.Bootstrap;

public sealed class RoleReconcilerTests : IAsyncLifetime
{
    private TestServer _server = null!;

    public async Task InitializeAsync() => _server = await TestServer.StartAsync();

    public async Task DisposeAsync() => await _server.DisposeAsync();

    [Fact]
    public async Task Ensure_RuleTakenAway_IsAddedAgainAndWhatSomebodyAddedStays()
    {
        var role = await _server.Admin.GetAsync<ClusterRole>(null, "system:coredns", default);
        var own = new PolicyRule { ApiGroups = ["example.com"], Resources = ["zones"], Verbs = ["list"] };
        await _server.Admin.UpdateAsync(role with { Rules = [own] }, default);
        await ReconcileAsync();
        var after = await _server.Admin.GetAsync<ClusterRole>(null, "system:coredns", default);
        Assert.Contains(own, after.Rules);
        Assert.All(role.Rules, rule => Assert.Contains(rule, after.Rules));
    }

    [Fact]
    public async Task Ensure_SubjectTakenAway_IsAddedAgain()
    {
        var binding = await _server.Admin.GetAsync<ClusterRoleBinding>(null, "system:kube-scheduler", default);
        await _server.Admin.UpdateAsync(binding with { Subjects = [] }, default);
        await ReconcileAsync();
        var after = await _server.Admin.GetAsync<ClusterRoleBinding>(null, "system:kube-scheduler", default);
        Assert.Equal(binding.Subjects, after.Subjects);
    }

    [Fact]
    public async Task Ensure_RoleTakenOutOfTheServersHands_IsLeftAlone()
    {
        var role = await _server.Admin.GetAsync<ClusterRole>(null, "system:coredns", default);
        var metadata = role.Metadata with { Annotations = new Dictionary<string, string> { [BootstrapPolicy.AutoUpdate] = "false" } };
        await _server.Admin.UpdateAsync(role with { Metadata = metadata, Rules = [] }, default);
        await ReconcileAsync();
        Assert.Empty((await _server.Admin.GetAsync<ClusterRole>(null, "system:coredns", default)).Rules);
    }

    [Fact]
    public async Task Ensure_RoleOfTheFirstVersion_LosesWhatItHadTooMuch()
    {
        var role = await _server.Admin.GetAsync<ClusterRole>(null, "system:kube-controller-manager", default);
        var metadata = role.Metadata with { Annotations = new Dictionary<string, string> { ["rbac.authorization.k8s.io/autoupdate"] = "true" } };
        var everything = new PolicyRule { ApiGroups = ["*"], Resources = ["*"], Verbs = ["*"] };
        await _server.Admin.UpdateAsync(role with { Metadata = metadata, Rules = [everything] }, default);
        await ReconcileAsync();
        Assert.DoesNotContain(everything, (await _server.Admin.GetAsync<ClusterRole>(null, "system:kube-controller-manager", default)).Rules);
    }

    [Fact]
    public async Task Ensure_NothingToDo_WritesNothing()
    {
        var before = await _server.Store.GetRevisionAsync(default);
        await ReconcileAsync();
        Assert.Equal(before, await _server.Store.GetRevisionAsync(default));
    }

    [Theory]
    [InlineData("system:kube-scheduler", "create", "", "pods/binding", true)]
    [InlineData("system:kube-scheduler", "get", "", "secrets", false)]
    [InlineData("system:kube-controller-manager", "watch", "apps", "deployments", true)]
    [InlineData("system:kube-controller-manager", "delete", "", "pods", false)]
    [InlineData("system:serviceaccount:kube-system:deployment-controller", "create", "apps", "replicasets", true)]
    [InlineData("system:serviceaccount:kube-system:deployment-controller", "delete", "", "secrets", false)]
    [InlineData("system:serviceaccount:kube-system:generic-garbage-collector", "delete", "example.com", "anything", true)]
    [InlineData("system:serviceaccount:kube-system:endpointslice-controller", "create", "discovery.k8s.io", "endpointslices", true)]
    [InlineData("system:serviceaccount:kube-system:clusterrole-aggregation-controller", "escalate", "rbac.authorization.k8s.io", "clusterroles", true)]
    [InlineData("system:serviceaccount:kube-system:kube-dns", "watch", "discovery.k8s.io", "endpointslices", true)]
    [InlineData("system:kube-proxy", "list", "discovery.k8s.io", "endpointslices", true)]
    [InlineData("system:kube-proxy", "update", "", "services", false)]
    [InlineData("kube-apiserver-kubelet-client", "get", "", "nodes/proxy", true)]
    [InlineData("kube-apiserver-kubelet-client", "get", "", "secrets", false)]
    public async Task Part_UnderItsOwnName_MayDoItsWorkOnly(string user, string verb, string group, string resource, bool isAllowed)
    {
        var parts = resource.Split('/');
        var subresource = parts.Length > 1 ? parts[1] : "";
        var attributes = new JsonObject { ["verb"] = verb, ["group"] = group, ["resource"] = parts[0], ["subresource"] = subresource };
        var spec = new JsonObject { ["user"] = user, ["groups"] = new JsonArray("system:authenticated"), ["resourceAttributes"] = attributes };
        var answer = await _server.PostAsync("/apis/authorization.k8s.io/v1/subjectaccessreviews", new JsonObject { ["spec"] = spec }.ToJsonString());
        Assert.Equal(isAllowed, (bool)answer.Expect(201).Json["status"]!["allowed"]!);
    }

    private Task ReconcileAsync() =>
        new RoleReconciler(_server.Host.ClientFor(new User("system:apiserver", ["system:masters"]))).EnsureAsync(default);
}
