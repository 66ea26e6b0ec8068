using System.Text.Json.Nodes;
using Coxswain.Api.Core.V1;
using Coxswain.Api.Errors;
using Coxswain.ApiServer.Admission;
using Coxswain.ApiServer.Certificates;
using Coxswain.ApiServer.Documents;
using Coxswain.ApiServer.Http;
using Coxswain.ApiServer.Users;
using Coxswain.Client;
using Microsoft.AspNetCore.Http;

namespace Coxswain.ApiServer.Tests.Verbs;

public sealed class WriteOrderTests : IAsyncLifetime
{
    private const string Pods = "/api/v1/namespaces/default/pods";
    private const string Deployments = "/apis/apps/v1/namespaces/default/deployments";
    private const string PodBody = """{"metadata":{"name":"p"},"spec":{"containers":[{"name":"c","image":"i"}]}}""";

    private readonly Recorder _recorder = new();
    private TestServer _server = null!;

    public async Task InitializeAsync() =>
        _server = await TestServer.StartAsync(options: own => own with { Admission = [_recorder], Router = new OneGroup() });

    public async Task DisposeAsync() => await _server.DisposeAsync();

    [Fact]
    public async Task Mutation_AddsAField_ItIsDefaultedAndPruned()
    {
        _recorder.Mutate = context =>
        {
            if (context.Is("", "pods"))
            {
                ((JsonArray)context.Document!["spec"]!["containers"]!).Add(
                    new JsonObject { ["name"] = "added", ["image"] = "x:1", ["nonsense"] = true, ["ports"] = new JsonArray(new JsonObject { ["containerPort"] = 80 }) });
                return true;
            }

            return false;
        };
        var created = (await _server.PostAsync(Pods, PodBody)).Expect(201).Json["spec"]!["containers"]![1]!;
        Assert.Equal("TCP", (string?)created["ports"]![0]!["protocol"]);
        Assert.Equal("IfNotPresent", (string?)created["imagePullPolicy"]);
        Assert.Null(created["nonsense"]);
    }

    [Fact]
    public async Task Scale_IsAdmittedAsAScale()
    {
        await _server.PostAsync(Deployments, """
            {"metadata":{"name":"d"},"spec":{"replicas":1,"selector":{"matchLabels":{"a":"b"}},"template":{"metadata":{"labels":{"a":"b"}},"spec":{"containers":[{"name":"c","image":"i"}]}}}}
            """);
        _recorder.Seen.Clear();
        (await _server.PatchAsync(Deployments + "/d/scale", """{"spec":{"replicas":3}}""")).Expect(200);
        var context = Assert.Single(_recorder.Seen);
        Assert.Equal((AdmissionOperation.Update, "scale", "Scale"), (context.Operation, context.Subresource, context.Kind.Kind));
        Assert.Equal(3, context.Document!.IntegerAt("spec", "replicas"));
        Assert.Equal(1, context.Old!.IntegerAt("spec", "replicas"));
        Assert.Equal(3, (int?)(await _server.GetAsync(Deployments + "/d")).Json["spec"]!["replicas"]);
    }

    [Fact]
    public async Task Scale_Applied_IsAdmittedAsAScaleAndChecked()
    {
        await _server.PostAsync(Deployments, """
            {"metadata":{"name":"d"},"spec":{"replicas":1,"selector":{"matchLabels":{"a":"b"}},"template":{"metadata":{"labels":{"a":"b"}},"spec":{"containers":[{"name":"c","image":"i"}]}}}}
            """);
        _recorder.Seen.Clear();
        (await ApplyScaleAsync(4)).Expect(200);
        var context = Assert.Single(_recorder.Seen);
        Assert.Equal((AdmissionOperation.Update, "scale", "Scale"), (context.Operation, context.Subresource, context.Kind.Kind));
        Assert.Equal(4, context.Document!.IntegerAt("spec", "replicas"));
        Assert.Equal(1, context.Old!.IntegerAt("spec", "replicas"));
        (await ApplyScaleAsync(-1)).Expect(422);
        Assert.Equal(4, (int?)(await _server.GetAsync(Deployments + "/d")).Json["spec"]!["replicas"]);
    }

    [Fact]
    public async Task Scale_ChangedByAPlugin_IsWhatIsWritten()
    {
        await _server.PostAsync(Deployments, """
            {"metadata":{"name":"d"},"spec":{"replicas":1,"selector":{"matchLabels":{"a":"b"}},"template":{"metadata":{"labels":{"a":"b"}},"spec":{"containers":[{"name":"c","image":"i"}]}}}}
            """);
        _recorder.Mutate = context =>
        {
            context.Document!["spec"]!["replicas"] = 7;
            return true;
        };
        Assert.Equal(7, (int?)(await _server.PatchAsync(Deployments + "/d/scale", """{"spec":{"replicas":3}}""")).Expect(200).Json["spec"]!["replicas"]);
    }

    [Fact]
    public async Task Binding_IsAdmittedAsABinding()
    {
        await _server.PostAsync(Pods, PodBody);
        _recorder.Seen.Clear();
        (await _server.PostAsync(Pods + "/p/binding", """{"metadata":{"name":"p"},"target":{"name":"n"}}""")).Expect(201);
        var context = Assert.Single(_recorder.Seen);
        Assert.Equal((AdmissionOperation.Create, "binding", "Binding"), (context.Operation, context.Subresource, context.Kind.Kind));
        Assert.Equal("n", context.Document!.TextAt("target", "name"));
    }

    [Fact]
    public async Task Delete_IsAdmittedForEachObjectOfACollection()
    {
        foreach (var name in (string[])["a", "b"])
        {
            await _server.PostAsync("/api/v1/namespaces/default/configmaps", $$$"""{"metadata":{"name":"{{{name}}}","labels":{"l":"1"} } }""");
        }

        _recorder.Seen.Clear();
        (await _server.SendAsync(HttpMethod.Delete, "/api/v1/namespaces/default/configmaps?labelSelector=l%3D1&propagationPolicy=Background")).Expect(200);
        Assert.Equal(["a", "b"], _recorder.Seen.Select(context => context.Request.Name).Order(StringComparer.Ordinal));
        Assert.All(_recorder.Seen, context => Assert.Equal(
            (AdmissionOperation.Delete, "Background"), (context.Operation, context.Options!.TextAt("propagationPolicy"))));
    }

    [Fact]
    public async Task Exec_IsAdmittedAsAConnection()
    {
        await _server.PostAsync(Pods, PodBody);
        _recorder.Seen.Clear();
        await _server.SendAsync(HttpMethod.Post, Pods + "/p/exec?command=ls&command=-l&stdout=true&container=c");
        var context = Assert.Single(_recorder.Seen);
        Assert.Equal((AdmissionOperation.Connect, "PodExecOptions"), (context.Operation, context.Kind.Kind));
        Assert.Equal("""["ls","-l"]""", context.Document!["command"]!.ToJsonString());
    }

    [Fact]
    public async Task Body_OfWhoMayNotWrite_IsNotDecoded()
    {
        using var nobody = _server.ClientWith(_server.Pki.Authority.Issue(new CertificateSubject("nobody")));
        (await _server.SendAsync(HttpMethod.Post, Pods, "{ not json", client: nobody)).Expect(403);
        (await _server.SendAsync(HttpMethod.Put, Pods + "/p", "{ not json", client: nobody)).Expect(403);
        (await _server.SendAsync(HttpMethod.Patch, Pods + "/p", "{ not json", "application/merge-patch+json", nobody)).Expect(403);
        (await _server.SendAsync(HttpMethod.Delete, Pods + "/p", "{ not json", client: nobody)).Expect(403);
        (await _server.SendAsync(HttpMethod.Post, Pods, "{ not json")).Expect(400);
    }

    [Fact]
    public async Task GroupServedElsewhere_IsRoutedBeforeItIsLookedUp()
    {
        Assert.Equal("somebody else for kubernetes-admin", (await _server.GetAsync("/apis/elsewhere.example.com/v1/things")).Expect(200).Text);
        (await _server.GetAsync("/apis/elsewhere.example.com/v2/things")).Expect(404);
    }

    [Theory]
    [InlineData("/apis/coordination.k8s.io/v1/namespaces/default/leases/x", """{"metadata":{"name":"x"},"spec":{"holderIdentity":"me"}}""", 201)]
    [InlineData("/api/v1/namespaces/default/configmaps/x", """{"metadata":{"name":"x"}}""", 404)]
    [InlineData("/apis/coordination.k8s.io/v1/namespaces/default/leases/x", """{"metadata":{"name":"x","uid":"u"}}""", 404)]
    [InlineData("/apis/coordination.k8s.io/v1/namespaces/default/leases/x", """{"metadata":{"name":"x","resourceVersion":"5"}}""", 404)]
    public async Task Put_OfWhatDoesNotExist_CreatesWhereTheKindAllowsIt(string path, string body, int code)
    {
        (await _server.SendAsync(HttpMethod.Put, path, body)).Expect(code);
        (await _server.GetAsync(path)).Expect(code == 201 ? 200 : 404);
    }

    [Fact]
    public async Task Put_ThatMissesSomethingElse_IsNotTakenForACreate()
    {
        const string Role = "/apis/rbac.authorization.k8s.io/v1/namespaces/default/roles/x";
        const string Body = """{"metadata":{"name":"x"},"rules":[]}""";
        (await _server.SendAsync(HttpMethod.Put, Role, Body)).Expect(201);
        _recorder.Mutate = context => context.Operation == AdmissionOperation.Update
            ? throw new KubeStatusException(Statuses.NotFound("others", "it")) : false;
        Assert.Equal("others \"it\" not found", (await _server.SendAsync(HttpMethod.Put, Role, Body)).Expect(404).Message);
        Assert.Equal("others \"it\" not found", (await _server.SendAsync(
            HttpMethod.Patch, Role + "?fieldManager=m",
            """{"apiVersion":"rbac.authorization.k8s.io/v1","kind":"Role","metadata":{"name":"x","labels":{"a":"b"}}}""",
            "application/apply-patch+yaml")).Expect(404).Message);
    }

    [Fact]
    public async Task Update_TypedReadAfterIt_IsWhatValidationDecoded()
    {
        var created = await _server.Admin.CreateAsync(new ConfigMap { Metadata = new() { Name = "k", Namespace = "default" } }, default);
        var entry = (await _server.Store.GetAsync("/registry/core/configmaps/default/k", default))!;
        var first = StoredObject.Of(entry).As<ConfigMap>();
        Assert.Same(created, first);
        Assert.Equal(created.Metadata.ResourceVersion, first.Metadata.ResourceVersion);
    }

    private Task<Answer> ApplyScaleAsync(int replicas) => _server.SendAsync(
        HttpMethod.Patch, Deployments + "/d/scale?fieldManager=m&force=true",
        $"{{apiVersion: autoscaling/v1, kind: Scale, spec: {{replicas: {replicas}}}}}", "application/apply-patch+yaml");

    private sealed class Recorder : IAdmissionPlugin
    {
        public List<AdmissionContext> Seen { get; } = [];

        public Func<AdmissionContext, bool>? Mutate { get; set; }

        public ValueTask<bool> MutateAsync(AdmissionContext context, CancellationToken cancellationToken) =>
            ValueTask.FromResult(Mutate?.Invoke(context) ?? false);

        public ValueTask ValidateAsync(AdmissionContext context, CancellationToken cancellationToken)
        {
            lock (Seen)
            {
                Seen.Add(context);
            }

            return ValueTask.CompletedTask;
        }
    }

    private sealed class OneGroup : IGroupRouter
    {
        public Task? TryRoute(HttpContext context, string apiGroup, string version, User user) =>
            (apiGroup, version) == ("elsewhere.example.com", "v1") ? context.Response.WriteAsync($"somebody else for {user.Name}") : null;
    }
}
