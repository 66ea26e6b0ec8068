using Coxswain.Api.Authentication.V1;
using Coxswain.Api.Core.V1;
using Coxswain.Api.Errors;
using Coxswain.Api.Meta.V1;
using Coxswain.Api.Resources;
using Coxswain.ApiServer.Users;
using Coxswain.Client;

namespace Coxswain.ApiServer.Tests.Authorization;

/// <summary>What a node may read, write and ask tokens for.</summary>
public sealed class NodeAccessTests : IAsyncLifetime
{
    private TestServer _server = null!;
    private IKubeClient _node = null!;
    private Pod _own = null!;
    private Pod _others = null!;

    public async Task InitializeAsync()
    {
        _server = await TestServer.StartAsync();
        _node = _server.Host.ClientFor(new User("system:node:n1", ["system:nodes", User.AuthenticatedGroup]));
        foreach (var name in (string[])["mine", "theirs", "nobodys"])
        {
            await _server.Admin.CreateAsync(new Secret { Metadata = Named(name) }, default);
            await _server.Admin.CreateAsync(new ConfigMap { Metadata = Named(name) }, default);
            await _server.Admin.CreateAsync(new ServiceAccount { Metadata = Named(name) }, default);
        }

        foreach (var name in (string[])["n1", "n2"])
        {
            await _server.Admin.CreateAsync(new Node { Metadata = new ObjectMeta { Name = name } }, default);
        }

        _own = await CreatePodAsync("own", "n1", "mine");
        _others = await CreatePodAsync("other", "n2", "theirs");
    }

    public async Task DisposeAsync() => await _server.DisposeAsync();

    [Fact]
    public async Task Secret_NamedByAPodOfTheNode_IsReadAndOthersAreNot()
    {
        Assert.Equal("mine", (await _node.GetAsync<Secret>("default", "mine", default)).Metadata.Name);
        Assert.Equal("mine", (await _node.GetAsync<ConfigMap>("default", "mine", default)).Metadata.Name);
        await RefusedAsync(() => _node.GetAsync<Secret>("default", "theirs", default));
        await RefusedAsync(() => _node.GetAsync<ConfigMap>("default", "nobodys", default));
        await RefusedAsync(() => _node.ListAsync<Secret>("default", ListQuery.All, default));
        var one = await _node.ListAsync<Secret>("default", new ListQuery(FieldSelector: "metadata.name=mine"), default);
        Assert.Single(one.Items);
    }

    [Fact]
    public async Task Secret_OfAPodThatIsGone_IsNotReadAnyMore()
    {
        await _node.GetAsync<Secret>("default", "mine", default);
        await _server.Admin.DeleteAsync<Pod>("default", "own", DeleteOptions.Empty with { GracePeriodSeconds = 0 }, default);
        await RefusedAsync(() => _node.GetAsync<Secret>("default", "mine", default));
    }

    [Fact]
    public async Task Pods_OfTheNode_AreListedAndOthersAreNot()
    {
        var own = await _node.ListAsync<Pod>(null, new ListQuery(FieldSelector: "spec.nodeName=n1"), default);
        Assert.Equal("own", Assert.Single(own.Items).Metadata.Name);
        await RefusedAsync(() => _node.ListAsync<Pod>(null, ListQuery.All, default));
        await RefusedAsync(() => _node.ListAsync<Pod>(null, new ListQuery(FieldSelector: "spec.nodeName=n2"), default));
        await RefusedAsync(() => _node.GetAsync<Pod>("default", "other", default));
        await _node.GetAsync<Pod>("default", "own", default);
    }

    [Fact]
    public async Task Node_OtherThanItself_IsNeitherReadNorChanged()
    {
        var own = await _node.GetAsync<Node>(null, "n1", default);
        await _node.UpdateStatusAsync(own, default);
        await RefusedAsync(() => _node.GetAsync<Node>(null, "n2", default));
        await RefusedAsync(() => _node.ListAsync<Node>(null, ListQuery.All, default));
        await RefusedAsync(() => _node.CreateAsync(new Node { Metadata = new ObjectMeta { Name = "n3" } }, default));
    }

    [Theory]
    [InlineData("kubernetes.io/hostname", true)]
    [InlineData("example.com/rack", true)]
    [InlineData("node-restriction.kubernetes.io/tenant", false)]
    [InlineData("node-role.kubernetes.io/control-plane", false)]
    public async Task Node_LabelOfItsOwn_IsTakenUnlessPodsAreKeptByIt(string label, bool isTaken)
    {
        var own = await _node.GetAsync<Node>(null, "n1", default);
        var labels = new Dictionary<string, string>(own.Metadata.Labels) { [label] = "x" };
        Task Write() => _node.UpdateAsync(own with { Metadata = own.Metadata with { Labels = labels } }, default);
        await (isTaken ? Write() : RefusedAsync(Write));
    }

    [Fact]
    public async Task Node_TaintOfItsOwn_IsNotTakenAway()
    {
        var own = await _server.Admin.GetAsync<Node>(null, "n1", default);
        await _server.Admin.UpdateAsync(own with { Spec = own.Spec with { Taints = [new Taint { Key = "a", Effect = "NoSchedule" }] } }, default);
        var tainted = await _node.GetAsync<Node>(null, "n1", default);
        await RefusedAsync(() => _node.UpdateAsync(tainted with { Spec = tainted.Spec with { Taints = [] } }, default));
    }

    [Fact]
    public async Task Pod_OfAnotherNode_IsNeitherReportedNorDeleted()
    {
        await _node.UpdateStatusAsync(_own with { Status = _own.Status with { Message = "runs" } }, default);
        await RefusedAsync(() => _node.UpdateStatusAsync(_others with { Status = _others.Status with { Message = "runs" } }, default));
        await RefusedAsync(() => _node.DeleteAsync<Pod>("default", "other", DeleteOptions.Empty, default));
        await _node.DeleteAsync<Pod>("default", "own", DeleteOptions.Empty with { GracePeriodSeconds = 0 }, default);
    }

    [Fact]
    public async Task Pod_OfTheNode_IsEvictedAndOthersAreNot()
    {
        await EvictAsync("own");
        await RefusedAsync(() => EvictAsync("other"));
    }

    [Fact]
    public async Task Pod_OfAnotherNode_KeepsItsDisruption()
    {
        const string Budgets = "/apis/policy/v1/namespaces/default/poddisruptionbudgets";
        (await _server.PatchAsync("/api/v1/namespaces/default/pods/other/status", """{"status":{"phase":"Running"}}""")).Expect(200);
        (await _server.PostAsync(Budgets, """{"metadata":{"name":"b"},"spec":{"selector":{},"maxUnavailable":1}}""")).Expect(201);
        (await _server.PatchAsync(
            Budgets + "/b/status",
            """{"status":{"observedGeneration":1,"disruptionsAllowed":1,"currentHealthy":2,"desiredHealthy":1,"expectedPods":2}}""")).Expect(200);
        await RefusedAsync(() => EvictAsync("other"));
        Assert.Equal(1, (int)(await _server.GetAsync(Budgets + "/b")).Json["status"]!["disruptionsAllowed"]!);
    }

    [Fact]
    public async Task Pod_ByANode_IsCreatedOnlyAsAMirrorOfItsOwn()
    {
        var node = await _node.GetAsync<Node>(null, "n1", default);
        var metadata = Named("static-n1") with
        {
            Annotations = new Dictionary<string, string> { ["kubernetes.io/config.mirror"] = "hash" },
            OwnerReferences = [new OwnerReference { ApiVersion = "v1", Kind = "Node", Name = "n1", Uid = node.Metadata.Uid, Controller = true }],
        };
        var mirror = new Pod { Metadata = metadata, Spec = new PodSpec { NodeName = "n1", Containers = [new Container { Name = "c", Image = "i" }] } };
        await _node.CreateAsync(mirror, default);
        var another = metadata with { Name = "static-2" };
        await RefusedAsync(() => _node.CreateAsync(mirror with { Metadata = another with { Annotations = new Dictionary<string, string>() } }, default));
        await RefusedAsync(() => _node.CreateAsync(mirror with { Metadata = another with { OwnerReferences = [] } }, default));
        await RefusedAsync(() => _node.CreateAsync(mirror with { Metadata = another, Spec = mirror.Spec with { NodeName = "n2" } }, default));
        var secret = new Volume { Name = "v", Secret = new SecretVolumeSource { SecretName = "theirs" } };
        await RefusedAsync(() => _node.CreateAsync(mirror with { Metadata = another, Spec = mirror.Spec with { Volumes = [secret] } }, default));
    }

    [Fact]
    public async Task Token_ByANode_IsIssuedOnlyForAPodItRuns()
    {
        var answer = await TokenAsync("mine", Bound(_own));
        Assert.NotEmpty(answer.Status.Token);
        await RefusedAsync(() => TokenAsync("mine", null));
        await RefusedAsync(() => TokenAsync("theirs", Bound(_others)));
        await RefusedAsync(() => TokenAsync("nobodys", null));
        await RefusedAsync(() => TokenAsync("mine", Bound(_own) with { Uid = "" }));
        await RefusedAsync(() => TokenAsync("mine", Bound(_own), "vault"));
    }

    [Fact]
    public async Task User_WithoutTheNodesGroup_IsNoNode()
    {
        var pretender = _server.Host.ClientFor(new User("system:node:n1", [User.AuthenticatedGroup]));
        await RefusedAsync(() => pretender.GetAsync<Secret>("default", "mine", default));
    }

    private static BoundObjectReference Bound(Pod pod) => new() { Kind = "Pod", ApiVersion = "v1", Name = pod.Metadata.Name, Uid = pod.Metadata.Uid };

    private Task<TokenRequest> TokenAsync(string account, BoundObjectReference? bound, params string[] audiences) =>
        _node.PostAsync<TokenRequest, TokenRequest>(ApiResources.Of<ServiceAccount>(), "default", account, "token",
            new TokenRequest { Spec = new TokenRequestSpec { BoundObjectRef = bound, Audiences = audiences } }, default);

    private Task<Status> EvictAsync(string pod) => _node.PostAsync<Coxswain.Api.Policy.V1.Eviction, Status>(
        ApiResources.Of<Pod>(), "default", pod, "eviction", new Coxswain.Api.Policy.V1.Eviction(), default);

    private static async Task RefusedAsync(Func<Task> call)
    {
        var refusal = await Assert.ThrowsAsync<KubeStatusException>(call);
        Assert.Equal(StatusReason.Forbidden, refusal.Status.Reason);
    }

    private static ObjectMeta Named(string name) => ObjectMeta.Empty with { Name = name, Namespace = "default" };

    private Task<Pod> CreatePodAsync(string name, string node, string reference) => _server.Admin.CreateAsync(
        new Pod
        {
            Metadata = Named(name),
            Spec = new PodSpec
            {
                NodeName = node,
                ServiceAccountName = reference,
                Containers =
                [
                    new Container
                    {
                        Name = "c",
                        Image = "i",
                        EnvFrom = [new EnvFromSource { ConfigMapRef = new ConfigMapEnvSource { Name = reference } }],
                    },
                ],
                Volumes = [new Volume { Name = "v", Secret = new SecretVolumeSource { SecretName = reference } }],
            },
        },
        default);
}
