using Coxswain.Api.Errors;
using Coxswain.Api.Meta.V1;
using Coxswain.Api.Rbac.V1;
using Coxswain.ApiServer.Users;
using Coxswain.Client;

namespace Coxswain.ApiServer.Tests.Authorization;

public sealed class RoleEscalationTests : IAsyncLifetime
{
    private const string Group = "rbac.authorization.k8s.io";

    private TestServer _server = null!;
    private IKubeClient _writer = null!;

    /// <summary>Somebody who may write roles and bindings, and reads Pods.</summary>
    public async Task InitializeAsync()
    {
        _server = await TestServer.StartAsync();
        _writer = _server.Host.ClientFor(new User("writer", [User.AuthenticatedGroup]));
        await GrantAsync("writer", Rule(Group, "*", "get", "create", "update", "delete", "list"), Rule("", "pods", "get", "list"));
    }

    public async Task DisposeAsync() => await _server.DisposeAsync();

    [Fact]
    public async Task Role_WithRightsTheWriterHolds_IsTakenAndWithMoreIsRefused()
    {
        await _writer.CreateAsync(Role("readers", Rule("", "pods", "get")), default);
        var refusal = await Assert.ThrowsAsync<KubeStatusException>(() => _writer.CreateAsync(Role("writers", Rule("", "pods", "get", "delete")), default));
        Assert.Equal(
            "roles.rbac.authorization.k8s.io \"writers\" is forbidden: user \"writer\" (groups=[\"system:authenticated\"]) is attempting to grant RBAC "
            + "permissions not currently held:\n{APIGroups:[\"\"], Resources:[\"pods\"], Verbs:[\"delete\"]}", refusal.Message);
    }

    [Fact]
    public async Task Role_Updated_IsRefusedUnlessOnlyItsOwnersChange()
    {
        var role = await _server.Admin.CreateAsync(Role("strong", Rule("", "secrets", "*")), default);
        var owned = role with { Metadata = role.Metadata with { Finalizers = ["example.com/keep"] } };
        role = await _writer.UpdateAsync(owned, default);
        var labelled = role with { Metadata = role.Metadata with { Labels = new Dictionary<string, string> { ["a"] = "b" } } };
        await RefusedAsync(() => _writer.UpdateAsync(labelled, default));
    }

    [Fact]
    public async Task Binding_ToAStrongerRole_IsRefusedUntilTheWriterMayBind()
    {
        await RefusedAsync(() => _writer.CreateAsync(Binding("mine", "cluster-admin"), default));
        await _writer.CreateAsync(Binding("basic", "system:basic-user"), default);
        await GrantAsync("binder", Rule(Group, "clusterroles", "bind") with { ResourceNames = ["cluster-admin"] });
        await _writer.CreateAsync(Binding("mine", "cluster-admin"), default);
    }

    [Fact]
    public async Task Role_WithEscalate_MayHoldAnything()
    {
        await GrantAsync("escalator", Rule(Group, "roles", "escalate"));
        await _writer.CreateAsync(Role("strong", Rule("*", "*", "*")), default);
    }

    [Fact]
    public async Task Role_ThatSumsUpOthers_IsWrittenOnlyByWhoHoldsEverything()
    {
        var sum = new ClusterRole
        {
            Metadata = new ObjectMeta { Name = "sum" },
            AggregationRule = new AggregationRule
            {
                ClusterRoleSelectors = [new Coxswain.Api.Meta.V1.LabelSelector { MatchLabels = new Dictionary<string, string> { ["a"] = "b" } }],
            },
        };
        await RefusedAsync(() => _writer.CreateAsync(sum, default));
        await _server.Admin.CreateAsync(sum, default);
    }

    [Fact]
    public async Task Binding_OfAUserNamedStar_BindsNobodyElse()
    {
        await _server.Admin.CreateAsync(Binding("star", "cluster-admin", "*"), default);
        await RefusedAsync(() => _server.Host.ClientFor(new User("jane", [User.AuthenticatedGroup])).ListAsync<Role>("default", ListQuery.All, default));
    }

    [Fact]
    public async Task Rule_Changed_HoldsAtOnce()
    {
        var jane = _server.Host.ClientFor(new User("jane", [User.AuthenticatedGroup]));
        var role = await _server.Admin.CreateAsync(Role("r", Rule(Group, "roles", "list")), default);
        await RefusedAsync(() => jane.ListAsync<Role>("default", ListQuery.All, default));
        var binding = await _server.Admin.CreateAsync(
            new RoleBinding
            {
                Metadata = Named("b"),
                RoleRef = new RoleRef { ApiGroup = Group, Kind = "Role", Name = "r" },
                Subjects = [new Subject { Kind = "User", ApiGroup = Group, Name = "jane" }],
            },
            default);
        await jane.ListAsync<Role>("default", ListQuery.All, default);
        await _server.Admin.UpdateAsync(role with { Rules = [] }, default);
        await RefusedAsync(() => jane.ListAsync<Role>("default", ListQuery.All, default));
        await _server.Admin.UpdateAsync((await _server.Admin.GetAsync<Role>("default", "r", default)) with { Rules = role.Rules }, default);
        await jane.ListAsync<Role>("default", ListQuery.All, default);
        await _server.Admin.DeleteAsync<RoleBinding>("default", binding.Metadata.Name, DeleteOptions.Empty, default);
        await RefusedAsync(() => jane.ListAsync<Role>("default", ListQuery.All, default));
    }

    [Fact]
    public async Task Namespace_GrantedInsideItself_IsRead()
    {
        var jane = _server.Host.ClientFor(new User("jane", [User.AuthenticatedGroup]));
        await _server.Admin.CreateAsync(
            new RoleBinding
            {
                Metadata = Named("viewer"),
                RoleRef = new RoleRef { ApiGroup = Group, Kind = "ClusterRole", Name = "view" },
                Subjects = [new Subject { Kind = "User", ApiGroup = Group, Name = "jane" }],
            },
            default);
        await jane.GetAsync<Coxswain.Api.Core.V1.Namespace>(null, "default", default);
        await RefusedAsync(() => jane.GetAsync<Coxswain.Api.Core.V1.Namespace>(null, "kube-system", default));
    }

    [Fact]
    public async Task List_OfOneName_IsAllowedByARuleAboutThatName()
    {
        var jane = _server.Host.ClientFor(new User("jane", [User.AuthenticatedGroup]));
        await GrantAsync("one", "jane", Rule("", "configmaps", "list") with { ResourceNames = ["a"] });
        await jane.ListAsync<Coxswain.Api.Core.V1.ConfigMap>("default", new ListQuery(FieldSelector: "metadata.name=a"), default);
        await RefusedAsync(() => jane.ListAsync<Coxswain.Api.Core.V1.ConfigMap>("default", new ListQuery(FieldSelector: "metadata.name=b"), default));
    }

    private static PolicyRule Rule(string group, string resource, params string[] verbs) => new() { ApiGroups = [group], Resources = [resource], Verbs = verbs };

    private static ObjectMeta Named(string name) => ObjectMeta.Empty with { Name = name, Namespace = "default" };

    private static Role Role(string name, PolicyRule rule) => new() { Metadata = Named(name), Rules = [rule] };

    private static ClusterRoleBinding Binding(string name, string role, string user = "somebody") => new()
    {
        Metadata = new ObjectMeta { Name = name },
        RoleRef = new RoleRef { ApiGroup = Group, Kind = "ClusterRole", Name = role },
        Subjects = [new Subject { Kind = "User", ApiGroup = Group, Name = user }],
    };

    private static async Task RefusedAsync(Func<Task> call)
    {
        var refusal = await Assert.ThrowsAsync<KubeStatusException>(call);
        Assert.Equal(StatusReason.Forbidden, refusal.Status.Reason);
    }

    private Task GrantAsync(string name, params IReadOnlyList<PolicyRule> rules) => GrantAsync(name, "writer", rules);

    private async Task GrantAsync(string name, string user, params IReadOnlyList<PolicyRule> rules)
    {
        await _server.Admin.CreateAsync(new ClusterRole { Metadata = new ObjectMeta { Name = name }, Rules = rules }, default);
        await _server.Admin.CreateAsync(Binding(name, name, user), default);
    }
}
