using System.Text.Json.Nodes;
using Coxswain.Api.Core.V1;
using Coxswain.ApiServer.Users;
using Coxswain.Client;

namespace Coxswain.ApiServer.Tests.Verbs;

public sealed class ApplyTests : IAsyncLifetime
{
    private const string Maps = "/api/v1/namespaces/default/configmaps/";
    private const string Deployments = "/apis/apps/v1/namespaces/default/deployments/";
    private const string Map = "{apiVersion: v1, kind: ConfigMap, metadata: {name: m}, data: {a: '1', b: '1'}}";

    private TestServer _server = null!;

    public async Task InitializeAsync() => _server = await TestServer.StartAsync();

    public async Task DisposeAsync() => await _server.DisposeAsync();

    [Fact]
    public async Task Apply_WhatIsNotThere_CreatesIt()
    {
        var created = (await ApplyAsync(Maps + "m", Map)).Expect(201).Json;
        Assert.Equal("1", (string?)created["data"]!["a"]);
        var entry = Assert.Single(Entries(created));
        Assert.Equal(("me", "Apply", "v1", "FieldsV1"), (Text(entry, "manager"), Text(entry, "operation"), Text(entry, "apiVersion"), Text(entry, "fieldsType")));
        Assert.Equal("""{"f:data":{"f:a":{},"f:b":{}}}""", entry["fieldsV1"]!.ToJsonString());
        Assert.NotEqual("", Text(entry, "time"));
        (await ApplyAsync(Maps + "m", Map)).Expect(200);
    }

    [Fact]
    public async Task Apply_SameAgain_WritesNothing()
    {
        var created = (await ApplyAsync(Maps + "m", Map)).Json;
        var again = (await ApplyAsync(Maps + "m", Map)).Expect(200).Json;
        Assert.Equal(Version(created), Version(again));
    }

    [Fact]
    public async Task Apply_WhatOthersOwn_IsAConflictWithACauseForEachField()
    {
        await ApplyAsync(Maps + "m", Map);
        var refused = (await ApplyAsync(Maps + "m", "{apiVersion: v1, kind: ConfigMap, data: {a: '2', b: '2'}}", "other")).Expect(409);
        Assert.Equal("Apply failed with 2 conflicts: conflicts with \"me\":\n- .data.a\n- .data.b", refused.Message);
        var causes = refused.Json["details"]!["causes"]!.AsArray();
        Assert.Equal([".data.a", ".data.b"], causes.Select(cause => Text(cause!, "field")));
        Assert.All(causes, cause => Assert.Equal(("FieldManagerConflict", "conflict with \"me\""), (Text(cause!, "reason"), Text(cause!, "message"))));

        var one = (await ApplyAsync(Maps + "m", "{apiVersion: v1, kind: ConfigMap, data: {a: '2'}}", "other")).Expect(409);
        Assert.Equal("Apply failed with 1 conflict: conflict with \"me\": .data.a", one.Message);

        var forced = (await ApplyAsync(Maps + "m", "{apiVersion: v1, kind: ConfigMap, data: {a: '2'}}", "other", "&force=true")).Expect(200).Json;
        Assert.Equal("""{"f:data":{"f:b":{}}}""", FieldsOf(forced, "me"));
        Assert.Equal("""{"f:data":{"f:a":{}}}""", FieldsOf(forced, "other"));
    }

    [Fact]
    public async Task Apply_AfterAnUpdate_NamesTheProgramThatUpdated()
    {
        await ApplyAsync(Maps + "m", Map);
        (await _server.SendAsync(HttpMethod.Put, Maps + "m?fieldManager=editor", """{"metadata":{"name":"m"},"data":{"a":"9"}}""")).Expect(200);
        var now = (await _server.GetAsync(Maps + "m")).Json;
        Assert.Null(FieldsOf(now, "me"));
        Assert.Equal("""{"f:data":{"f:a":{}}}""", FieldsOf(now, "editor"));
        Assert.Equal("Apply failed with 1 conflict: conflict with \"editor\" using v1: .data.a", (await ApplyAsync(Maps + "m", Map)).Expect(409).Message);
    }

    [Theory]
    [InlineData("?fieldManager=", Map, 422, "fieldManager: Required value: is required for apply patch")]
    [InlineData("?fieldManager=me", "{apiVersion: v1, kind: Secret, metadata: {name: m}}", 400, "invalid object type: /v1, Kind=Secret")]
    [InlineData("?fieldManager=me", "{apiVersion: v1, metadata: {name: m}}", 400, "Object 'Kind' is missing")]
    [InlineData("?fieldManager=me", "{apiVersion: v1, kind: ConfigMap, metadata: {name: other}}", 400, "the name of the object (other) does not match the name on the URL (m)")]
    [InlineData("?fieldManager=me", "{apiVersion: v1, kind: ConfigMap, metadata: {managedFields: [{manager: x}]}}", 400, "metadata.managedFields must be nil")]
    [InlineData("?fieldManager=me", "{apiVersion: v1, kind: ConfigMap, date: {a: b}}", 400, "field not declared in schema")]
    [InlineData("?fieldManager=me", "{apiVersion: v1, kind: ConfigMap, metadata: {finalizers: [a/a, a/a]}}", 400, "duplicate entries for key [=\"a/a\"]")]
    [InlineData("?fieldManager=me", "{apiVersion: v1, kind: ConfigMap, metadata: {uid: 0a}}", 409, "uid mismatch")]
    [InlineData("?fieldManager=a%09b", Map, 422, "invalid character")]
    public async Task Apply_WhatCannotBeApplied_IsRefused(string query, string body, int code, string message) =>
        Assert.Contains(message, (await _server.SendAsync(HttpMethod.Patch, Maps + "m" + query, body, "application/apply-patch+yaml")).Expect(code).Message, StringComparison.Ordinal);

    [Fact]
    public async Task Patch_OtherForms_AreRefused()
    {
        await ApplyAsync(Maps + "m", Map);
        Assert.Contains("application/apply-patch+yaml", (await _server.SendAsync(HttpMethod.Patch, Maps + "m", "{}", "application/apply-patch+cbor")).Expect(415).Message, StringComparison.Ordinal);
        (await _server.SendAsync(HttpMethod.Patch, Maps + "m?force=true", "{}", "application/merge-patch+json")).Expect(422);
    }

    [Fact]
    public async Task Apply_OfAnOlderVersion_IsAConflict()
    {
        var version = Version((await ApplyAsync(Maps + "m", Map)).Json);
        await _server.PatchAsync(Maps + "m", """{"data":{"c":"3"}}""");
        (await ApplyAsync(Maps + "m", Map.Replace("{name: m}", $"{{name: m, resourceVersion: '{version}'}}", StringComparison.Ordinal))).Expect(409);
    }

    [Fact]
    public async Task Apply_DryRun_ShowsAndWritesNothing()
    {
        Assert.Equal("1", (string?)(await ApplyAsync(Maps + "m", Map, "me", "&dryRun=All")).Expect(201).Json["data"]!["a"]);
        (await _server.GetAsync(Maps + "m")).Expect(404);
        await ApplyAsync(Maps + "m", Map);
        Assert.Equal("5", (string?)(await ApplyAsync(Maps + "m", Map.Replace("'1'", "'5'", StringComparison.Ordinal), "me", "&dryRun=All")).Expect(200).Json["data"]!["a"]);
        Assert.Equal("1", (string?)(await _server.GetAsync(Maps + "m")).Json["data"]!["a"]);
    }

    [Fact]
    public async Task Apply_WithoutTheRightToCreate_MayChangeOnly()
    {
        (await _server.PostAsync("/apis/rbac.authorization.k8s.io/v1/namespaces/default/roles",
            """{"metadata":{"name":"p"},"rules":[{"apiGroups":[""],"resources":["configmaps"],"verbs":["patch"]}]}""")).Expect(201);
        (await _server.PostAsync("/apis/rbac.authorization.k8s.io/v1/namespaces/default/rolebindings",
            """{"metadata":{"name":"p"},"roleRef":{"apiGroup":"rbac.authorization.k8s.io","kind":"Role","name":"p"},"subjects":[{"kind":"User","name":"p"}]}""")).Expect(201);
        var client = _server.Host.ClientFor(new User("p", [User.AuthenticatedGroup]));
        var patch = new KubePatch(PatchType.Apply, System.Text.Encoding.UTF8.GetBytes(Map), "p");
        await Assert.ThrowsAsync<Coxswain.Api.Errors.KubeStatusException>(() => client.PatchAsync<ConfigMap>("default", "m", patch, CancellationToken.None));
        await ApplyAsync(Maps + "m", Map);
        Assert.Equal("1", (await client.PatchAsync<ConfigMap>("default", "m", patch, CancellationToken.None)).Data["a"]);
    }

    [Fact]
    public async Task Scale_TakesTheReplicasFromTheirOwner()
    {
        (await ApplyAsync(Deployments + "d", DeploymentWith("replicas: 1,"))).Expect(201);
        (await _server.PatchAsync(Deployments + "d/scale?fieldManager=scaler", """{"spec":{"replicas":3}}""")).Expect(200);
        var now = (await _server.GetAsync(Deployments + "d")).Json;
        var entry = Entries(now).Single(entry => Text(entry, "manager") == "scaler");
        Assert.Equal(("Update", "apps/v1", "scale"), (Text(entry, "operation"), Text(entry, "apiVersion"), Text(entry, "subresource")));
        Assert.Equal("""{"f:spec":{"f:replicas":{}}}""", entry["fieldsV1"]!.ToJsonString());
        Assert.Equal("Apply failed with 1 conflict: conflict with \"scaler\" with subresource \"scale\" using apps/v1: .spec.replicas",
            (await ApplyAsync(Deployments + "d", DeploymentWith("replicas: 1,"))).Expect(409).Message);

        // Who leaves the replicas out lives with the scaler.
        (await ApplyAsync(Deployments + "d", DeploymentWith(""))).Expect(200);
        Assert.Equal(3, (int?)(await _server.GetAsync(Deployments + "d")).Json["spec"]!["replicas"]);
        var scale = (await ApplyAsync(Deployments + "d/scale", "{apiVersion: autoscaling/v1, kind: Scale, spec: {replicas: 5}}", "other", "&force=true")).Expect(200).Json;
        Assert.Equal(5, (int?)scale["spec"]!["replicas"]);
    }

    [Fact]
    public async Task Status_IsAppliedByItsOwnManager()
    {
        await ApplyAsync(Deployments + "d", DeploymentWith("replicas: 1,"));
        var applied = (await ApplyAsync(Deployments + "d/status",
            "{apiVersion: apps/v1, kind: Deployment, metadata: {labels: {x: z}}, spec: {replicas: 7}, status: {replicas: 2}}", "controller")).Expect(200).Json;
        Assert.Equal((1, 2), ((int?)applied["spec"]!["replicas"], (int?)applied["status"]!["replicas"]));
        Assert.Equal("""{"f:status":{"f:replicas":{}}}""", FieldsOf(applied, "controller"));

        // The status is not the object's to apply.
        applied = (await ApplyAsync(Deployments + "d", "{apiVersion: apps/v1, kind: Deployment, status: {replicas: 9}}", "third")).Expect(200).Json;
        Assert.Equal(2, (int?)applied["status"]!["replicas"]);
        Assert.Null(FieldsOf(applied, "third"));
    }

    [Fact]
    public async Task Create_OwnsWhatWasSentAndDefaulted_NotWhatTheServerAdds()
    {
        var pod = (await _server.PostAsync("/api/v1/namespaces/default/pods?fieldManager=me",
            """{"metadata":{"name":"p"},"spec":{"containers":[{"name":"c","image":"i"}]}}""")).Expect(201).Json;
        var fields = FieldsOf(pod, "me");
        Assert.Contains("f:imagePullPolicy", fields, StringComparison.Ordinal);
        Assert.Contains("f:restartPolicy", fields, StringComparison.Ordinal);
        Assert.DoesNotContain("f:tolerations", fields, StringComparison.Ordinal);
        Assert.DoesNotContain("f:status", fields, StringComparison.Ordinal);
    }

    [Fact]
    public async Task ManagedFields_GivenWithAnUpdate_Count()
    {
        await ApplyAsync(Maps + "m", Map);
        var patched = (await _server.PatchAsync(Maps + "m", """
            [{"op":"replace","path":"/metadata/managedFields","value":[{"manager":"new","operation":"Apply","apiVersion":"v1","time":"2026-01-01T00:00:00Z","fieldsType":"FieldsV1","fieldsV1":{"f:data":{"f:a":{}}}}]}]
            """, "json")).Expect(200).Json;
        Assert.Equal(["new"], Entries(patched).Select(entry => Text(entry, "manager")));
        Assert.Null((await _server.PatchAsync(Maps + "m", """{"metadata":{"managedFields":[{}]}}""")).Expect(200).Json["metadata"]!["managedFields"]);
        Assert.Equal("before-first-apply", Text(Entries((await ApplyAsync(Maps + "m", Map)).Expect(200).Json)[1], "manager"));
    }

    [Fact]
    public async Task ManagedFields_ThatCannotBeRead_LeaveThoseThatAre()
    {
        await ApplyAsync(Maps + "m", Map);
        await _server.SendAsync(HttpMethod.Put, Maps + "m", """
            {"metadata":{"name":"m","managedFields":[{"manager":"x","operation":"Take","apiVersion":"v1","fieldsType":"FieldsV1","fieldsV1":{}}]},"data":{"a":"1","b":"1"}}
            """);
        Assert.Equal(["me"], Entries((await _server.GetAsync(Maps + "m")).Json).Select(entry => Text(entry, "manager")));
    }

    [Fact]
    public async Task ManagedFields_OfPartsOfTheProcess_AreKept()
    {
        await ApplyAsync(Maps + "m", Map);
        var read = await _server.Admin.GetAsync<ConfigMap>("default", "m", CancellationToken.None);
        Assert.Empty(read.Metadata.ManagedFields);
        var controller = _server.Host.ClientFor(new User("system:serviceaccount:kube-system:x-controller", ["system:masters"]));
        await controller.UpdateAsync(read with { Data = new Dictionary<string, string> { ["a"] = "1", ["b"] = "2" } }, CancellationToken.None);
        var now = (await _server.GetAsync(Maps + "m")).Json;
        Assert.Equal("""{"f:data":{"f:a":{}}}""", FieldsOf(now, "me"));
        Assert.Equal("""{"f:data":{"f:b":{}}}""", FieldsOf(now, "kube-controller-manager"));
    }

    [Fact]
    public async Task Apply_AfterClientSideApply_TakesOverWhatKubectlOwned()
    {
        const string applied = """{"apiVersion":"v1","kind":"ConfigMap","metadata":{"annotations":{},"name":"k","namespace":"default"},"data":{"a":"1"}}""";
        (await _server.PostAsync(Maps[..^1] + "?fieldManager=kubectl-client-side-apply", new JsonObject
        {
            ["metadata"] = new JsonObject { ["name"] = "k", ["annotations"] = new JsonObject { ["kubectl.kubernetes.io/last-applied-configuration"] = applied } },
            ["data"] = new JsonObject { ["a"] = "1" },
        }.ToJsonString())).Expect(201);
        var now = (await ApplyAsync(Maps + "k", "{apiVersion: v1, kind: ConfigMap, metadata: {name: k}, data: {a: '2'}}", "kubectl")).Expect(200).Json;
        Assert.Equal("2", (string?)now["data"]!["a"]);
        Assert.Contains("\"a\":\"2\"", Text(now["metadata"]!["annotations"]!, "kubectl.kubernetes.io/last-applied-configuration"), StringComparison.Ordinal);

        // Another name is another manager.
        (await ApplyAsync(Maps + "k", "{apiVersion: v1, kind: ConfigMap, metadata: {name: k}, data: {a: '3'}}", "other")).Expect(409);
    }

    [Fact]
    public async Task Versions_AreEachManagersOwn()
    {
        const string path = "/apis/autoscaling/v1/namespaces/default/horizontalpodautoscalers/h";
        (await ApplyAsync(path, """
            {apiVersion: autoscaling/v1, kind: HorizontalPodAutoscaler, metadata: {name: h}, spec: {maxReplicas: 3, targetCPUUtilizationPercentage: 50, scaleTargetRef: {kind: Deployment, name: d}}}
            """)).Expect(201);
        var second = path.Replace("/v1/", "/v2/", StringComparison.Ordinal);
        var refused = (await ApplyAsync(second, """
            {apiVersion: autoscaling/v2, kind: HorizontalPodAutoscaler, metadata: {name: h}, spec: {maxReplicas: 5, scaleTargetRef: {kind: Deployment, name: d}}}
            """, "other")).Expect(409);
        Assert.Equal("Apply failed with 1 conflict: conflict with \"me\": .spec.maxReplicas", refused.Message);
        var now = (await ApplyAsync(second, """
            {apiVersion: autoscaling/v2, kind: HorizontalPodAutoscaler, metadata: {name: h}, spec: {minReplicas: 2, maxReplicas: 3, scaleTargetRef: {kind: Deployment, name: d}}}
            """, "other")).Expect(200).Json;
        Assert.Equal(["autoscaling/v1", "autoscaling/v2"], Entries(now).OrderBy(entry => Text(entry, "manager")).Select(entry => Text(entry, "apiVersion")));

        // What one gives up in its version is defaulted again.
        (await ApplyAsync(path, """
            {apiVersion: autoscaling/v1, kind: HorizontalPodAutoscaler, metadata: {name: h}, spec: {maxReplicas: 3, scaleTargetRef: {kind: Deployment, name: d}}}
            """)).Expect(200);
        var left = (await _server.GetAsync(path)).Json["spec"]!;
        Assert.Equal((80, 2), ((int?)left["targetCPUUtilizationPercentage"], (int?)left["minReplicas"]));
    }

    [Fact]
    public async Task CustomKinds_TakeTheSamePath()
    {
        CronTabs.Register(_server.Host);
        const string body = "{apiVersion: stable.example.com/v1, kind: CronTab, metadata: {name: c}, spec: {cronSpec: '* * * * */5', nested: {free: {x: 1}}}}";
        var created = (await ApplyAsync(CronTabs.Path + "/c", body)).Expect(201).Json;
        Assert.Equal(1, (int?)created["spec"]!["replicas"]);
        Assert.Equal("""{"f:spec":{"f:cronSpec":{},"f:nested":{"f:free":{"f:x":{}}}}}""", FieldsOf(created, "me"));
        Assert.Contains(".spec.cronSpec", (await ApplyAsync(CronTabs.Path + "/c", body.Replace("*/5", "*/7", StringComparison.Ordinal), "other")).Expect(409).Message, StringComparison.Ordinal);
        CronTabs.TakeAway(_server.Host);
    }

    [Fact]
    public async Task ManyAppliers_AtOnce_EachKeepTheirField()
    {
        await Task.WhenAll(Enumerable.Range(0, 16).Select(async i =>
            Assert.InRange((await ApplyAsync(Maps + "m", $"{{apiVersion: v1, kind: ConfigMap, data: {{k{i}: v}}}}", $"m{i}")).Code, 200, 201)));
        var now = (await _server.GetAsync(Maps + "m")).Json;
        Assert.Equal(16, now["data"]!.AsObject().Count);
        Assert.Equal(16, Entries(now).Count);
    }

    private Task<Answer> ApplyAsync(string path, string body, string manager = "me", string query = "") =>
        _server.SendAsync(HttpMethod.Patch, $"{path}?fieldManager={manager}{query}", body, "application/apply-patch+yaml");

    private static string DeploymentWith(string fields) => """
        {apiVersion: apps/v1, kind: Deployment, metadata: {name: d}, spec: { FIELDS selector: {matchLabels: {a: b}}, template: {metadata: {labels: {a: b}}, spec: {containers: [{name: c, image: i}]}}}}
        """.Replace("FIELDS", fields, StringComparison.Ordinal);

    private static string Version(JsonObject document) => Text(document["metadata"]!, "resourceVersion");

    private static List<JsonNode> Entries(JsonObject document) => [.. document["metadata"]!["managedFields"]!.AsArray().Select(entry => entry!)];

    private static string? FieldsOf(JsonObject document, string manager) =>
        Entries(document).FirstOrDefault(entry => Text(entry, "manager") == manager)?["fieldsV1"]!.ToJsonString();

    private static string Text(JsonNode node, string name) => (string?)node[name] ?? "";
}
