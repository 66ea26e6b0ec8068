using System.Text.Json.Nodes;
using Coxswain.Store;

namespace Coxswain.ApiServer.Tests.Http;

public sealed class ObjectVerbsTests : IAsyncLifetime
{
    private const string ConfigMaps = "/api/v1/namespaces/default/configmaps";
    private const string Deployments = "/apis/apps/v1/namespaces/default/deployments";
    private const string Pods = "/api/v1/namespaces/default/pods";

    private const string Deployment = """
        {"apiVersion":"apps/v1","kind":"Deployment","metadata":{"name":"web"},"spec":{"replicas":2,"selector":{"matchLabels":{"app":"web"}},
        "template":{"metadata":{"labels":{"app":"web"}},"spec":{"containers":[{"name":"c","image":"nginx"}]}}}}
        """;

    private TestServer _server = null!;

    public async Task InitializeAsync() => _server = await TestServer.StartAsync();

    public async Task DisposeAsync() => await _server.DisposeAsync();

    [Fact]
    public async Task Create_FullDisk_SaysSo()
    {
        _server.Intercepted.BeforeWrite = _ => throw new StoreException("the disk is full", failure: StoreFailure.NoSpace);
        var answer = (await _server.PostAsync(ConfigMaps, """{"metadata":{"name":"a"}}""")).Expect(507);
        Assert.Equal("the disk is full", answer.Message);
        _server.Intercepted.BeforeWrite = null;
        (await _server.PostAsync(ConfigMaps, """{"metadata":{"name":"a"}}""")).Expect(201);
    }

    [Theory]
    [InlineData("POST", "", "CreateOptions")]
    [InlineData("PUT", "/a", "UpdateOptions")]
    [InlineData("PATCH", "/a", "PatchOptions")]
    [InlineData("DELETE", "/a", "DeleteOptions")]
    public async Task DryRun_OfAnotherKindThanAll_IsRefusedInTheOptionsOfTheVerb(string method, string name, string options)
    {
        var answer = await _server.SendAsync(
            new HttpMethod(method), $"/api/v1/namespaces/default/configmaps{name}?dryRun=Some", """{"metadata":{"name":"a"}}""");
        Assert.Equal(
            $"{options}.meta.k8s.io \"\" is invalid: dryRun: Unsupported value: \"Some\": supported values: \"All\"", answer.Expect(422).Message);
    }

    [Fact]
    public async Task Create_ConfigMap_IsStampedAndReadBack()
    {
        var created = (await _server.PostAsync(ConfigMaps, """{"metadata":{"name":"a"},"data":{"x":"é\""}}""")).Expect(201).Json;
        var read = (await _server.GetAsync(ConfigMaps + "/a")).Expect(200).Json;
        Assert.Equal(created.ToJsonString(), read.ToJsonString());
        Assert.NotEqual("", (string)read["metadata"]!["uid"]!);
        Assert.Matches("^[1-9][0-9]*$", (string)read["metadata"]!["resourceVersion"]!);
        Assert.Equal("é\"", (string)read["data"]!["x"]!);
        Assert.Equal("ConfigMap", (string)read["kind"]!);
    }

    [Fact]
    public async Task Create_SameName_IsAlreadyExists()
    {
        (await _server.PostAsync(ConfigMaps, """{"metadata":{"name":"a"}}""")).Expect(201);
        var second = (await _server.PostAsync(ConfigMaps, """{"metadata":{"name":"a"}}""")).Expect(409);
        Assert.Equal("AlreadyExists", second.Reason);
        Assert.Equal("configmaps \"a\" already exists", second.Message);
    }

    [Fact]
    public async Task Create_GenerateName_GetsARandomEnding()
    {
        var created = (await _server.PostAsync(ConfigMaps, """{"metadata":{"generateName":"a-"}}""")).Expect(201).Json;
        Assert.Matches("^a-[bcdfghjklmnpqrstvwxz2456789]{5}$", (string)created["metadata"]!["name"]!);
    }

    [Fact]
    public async Task Create_DryRun_IsNotStored()
    {
        (await _server.PostAsync(ConfigMaps + "?dryRun=All", """{"metadata":{"name":"a"}}""")).Expect(201);
        (await _server.GetAsync(ConfigMaps + "/a")).Expect(404);
    }

    [Theory]
    [InlineData(ConfigMaps + "/none", 404, "NotFound", "configmaps \"none\" not found")]
    [InlineData(Deployments + "/none", 404, "NotFound", "deployments.apps \"none\" not found")]
    [InlineData("/api/v1/namespaces/default/nonsense", 404, "NotFound", "the server could not find the requested resource")]
    [InlineData("/apis/none/v1/things", 404, "NotFound", "the server could not find the requested resource")]
    public async Task Get_Unknown_AnswersAsKubernetes(string path, int code, string reason, string message)
    {
        var answer = (await _server.GetAsync(path)).Expect(code);
        Assert.Equal(reason, answer.Reason);
        Assert.Equal(message, answer.Message);
        Assert.Equal("Failure", (string)answer.Json["status"]!);
    }

    [Theory]
    [InlineData("{", 400)]
    [InlineData("""{"metadata":{"name":"a"},"kind":"Pod","apiVersion":"v1"}""", 400)]
    [InlineData("""{"metadata":{"name":"a"},"data":{"x":5}}""", 400)]
    [InlineData("""{"metadata":{"name":"Not A Name"}}""", 422)]
    [InlineData("""{"metadata":{"name":"a","namespace":"other"}}""", 400)]
    [InlineData("""{"metadata":{"name":"a","resourceVersion":"5"}}""", 400)]
    public async Task Create_BadBody_IsRefused(string body, int code) =>
        Assert.Equal("Failure", (string)(await _server.PostAsync(ConfigMaps, body)).Expect(code).Json["status"]!);

    [Fact]
    public async Task Create_UnknownField_WarnsOrIsRefusedWhenStrict()
    {
        const string Body = """{"metadata":{"name":"a"},"dta":{}}""";
        var strict = (await _server.PostAsync(ConfigMaps + "?fieldValidation=Strict", Body)).Expect(400);
        Assert.Contains("unknown field \"dta\"", strict.Message);
        var warned = (await _server.PostAsync(ConfigMaps + "?fieldValidation=Warn", Body)).Expect(201);
        Assert.Contains("unknown field", Assert.Single(warned.Warnings));
        Assert.False(warned.Json.ContainsKey("dta"));
    }

    [Fact]
    public async Task Update_StaleVersion_IsAConflict()
    {
        var created = (await _server.PostAsync(ConfigMaps, """{"metadata":{"name":"a"}}""")).Json;
        (await _server.PatchAsync(ConfigMaps + "/a", """{"data":{"x":"1"}}""")).Expect(200);
        var stale = (await _server.SendAsync(HttpMethod.Put, ConfigMaps + "/a", created.ToJsonString())).Expect(409);
        Assert.Equal("Conflict", stale.Reason);
        Assert.Equal("Operation cannot be fulfilled on configmaps \"a\": the object has been modified; please apply your changes to the latest version and try again", stale.Message);
        created["metadata"]!.AsObject().Remove("resourceVersion");
        (await _server.SendAsync(HttpMethod.Put, ConfigMaps + "/a", created.ToJsonString())).Expect(200);
    }

    [Fact]
    public async Task Update_NothingChanged_IsNotWritten()
    {
        var created = (await _server.PostAsync(ConfigMaps, """{"metadata":{"name":"a"},"data":{"x":"1"}}""")).Json;
        var same = (await _server.PatchAsync(ConfigMaps + "/a", """{"data":{"x":"1"}}""")).Expect(200).Json;
        Assert.Equal((string)created["metadata"]!["resourceVersion"]!, (string)same["metadata"]!["resourceVersion"]!);
    }

    [Fact]
    public async Task Update_OtherName_IsRefused()
    {
        (await _server.PostAsync(ConfigMaps, """{"metadata":{"name":"a"}}""")).Expect(201);
        var answer = (await _server.SendAsync(HttpMethod.Put, ConfigMaps + "/a", """{"metadata":{"name":"b"}}""")).Expect(400);
        Assert.Equal("the name of the object (b) does not match the name on the URL (a)", answer.Message);
    }

    [Fact]
    public async Task Patch_EachForm_ChangesTheObject()
    {
        (await _server.PostAsync(Deployments, Deployment)).Expect(201);
        (await _server.PatchAsync(Deployments + "/web", """[{"op":"replace","path":"/spec/replicas","value":4}]""", "json")).Expect(200);
        (await _server.PatchAsync(Deployments + "/web", """{"metadata":{"labels":{"l":"1"}}}""")).Expect(200);
        var patched = (await _server.PatchAsync(
            Deployments + "/web", """{"spec":{"template":{"spec":{"containers":[{"name":"side","image":"s"}]}}}}""", "strategic-merge")).Expect(200).Json;
        Assert.Equal(4, (int)patched["spec"]!["replicas"]!);
        Assert.Equal("1", (string)patched["metadata"]!["labels"]!["l"]!);
        Assert.Equal(2, patched["spec"]!["template"]!["spec"]!["containers"]!.AsArray().Count);
        Assert.Equal(3, (int)patched["metadata"]!["generation"]!);
    }

    [Fact]
    public async Task Status_AndSpec_AreWrittenApart()
    {
        (await _server.PostAsync(Deployments, Deployment)).Expect(201);
        var withStatus = (await _server.PatchAsync(Deployments + "/web/status", """{"spec":{"replicas":9},"status":{"readyReplicas":1,"replicas":2}}""")).Expect(200).Json;
        Assert.Equal(2, (int)withStatus["spec"]!["replicas"]!);
        Assert.Equal(1, (int)withStatus["status"]!["readyReplicas"]!);
        Assert.Equal(1, (int)withStatus["metadata"]!["generation"]!);
        var withSpec = (await _server.PatchAsync(Deployments + "/web", """{"spec":{"replicas":3},"status":{"readyReplicas":7}}""")).Expect(200).Json;
        Assert.Equal(1, (int)withSpec["status"]!["readyReplicas"]!);
        Assert.Equal(2, (int)withSpec["metadata"]!["generation"]!);
    }

    [Fact]
    public async Task Scale_IsReadAndWritten()
    {
        (await _server.PostAsync(Deployments, Deployment)).Expect(201);
        var scale = (await _server.GetAsync(Deployments + "/web/scale")).Expect(200).Json;
        Assert.Equal("Scale", (string)scale["kind"]!);
        Assert.Equal("app=web", (string)scale["status"]!["selector"]!);
        scale["spec"]!["replicas"] = 5;
        (await _server.SendAsync(HttpMethod.Put, Deployments + "/web/scale", scale.ToJsonString())).Expect(200);
        Assert.Equal(5, (int)(await _server.GetAsync(Deployments + "/web")).Json["spec"]!["replicas"]!);
        (await _server.SendAsync(HttpMethod.Put, Deployments + "/web/scale", scale.ToJsonString())).Expect(409);
    }

    [Fact]
    public async Task Delete_WithFinalizer_WaitsUntilItIsGone()
    {
        (await _server.PostAsync(ConfigMaps, """{"metadata":{"name":"a","finalizers":["example.com/f"]}}""")).Expect(201);
        var marked = (await _server.SendAsync(HttpMethod.Delete, ConfigMaps + "/a")).Expect(200).Json;
        Assert.NotNull(marked["metadata"]!["deletionTimestamp"]);
        (await _server.PatchAsync(ConfigMaps + "/a", """{"metadata":{"finalizers":["example.com/f","example.com/g"]}}""")).Expect(422);
        (await _server.PatchAsync(ConfigMaps + "/a", """{"metadata":{"finalizers":null}}""")).Expect(200);
        (await _server.GetAsync(ConfigMaps + "/a")).Expect(404);
    }

    [Theory]
    [InlineData("Foreground", "foregroundDeletion")]
    [InlineData("Orphan", "orphan")]
    public async Task Delete_WithPropagation_LeavesAFinalizer(string policy, string finalizer)
    {
        (await _server.PostAsync(ConfigMaps, """{"metadata":{"name":"a"}}""")).Expect(201);
        var marked = (await _server.SendAsync(HttpMethod.Delete, ConfigMaps + "/a", $$"""{"propagationPolicy":"{{policy}}"}""")).Expect(200).Json;
        Assert.Equal([finalizer], marked["metadata"]!["finalizers"]!.AsArray().Select(item => (string)item!));
    }

    [Fact]
    public async Task Delete_OptionsInTheQuery_AreReadOrRefused()
    {
        (await _server.PostAsync(ConfigMaps, """{"metadata":{"name":"a"}}""")).Expect(201);
        (await _server.SendAsync(HttpMethod.Delete, ConfigMaps + "/a?gracePeriodSeconds=soon")).Expect(400);
        var marked = (await _server.SendAsync(HttpMethod.Delete, ConfigMaps + "/a?orphanDependents=true")).Expect(200).Json;
        Assert.Equal("orphan", (string)marked["metadata"]!["finalizers"]![0]!);
    }

    [Fact]
    public async Task WatchPath_OfAnotherMethod_IsRefused()
    {
        (await _server.PostAsync("/api/v1/watch/namespaces/default/configmaps", """{"metadata":{"name":"a"}}""")).Expect(405);
        (await _server.SendAsync(HttpMethod.Delete, "/api/v1/watch/namespaces/default/configmaps")).Expect(405);
        (await _server.GetAsync(ConfigMaps + "/a")).Expect(404);
    }

    [Fact]
    public async Task Delete_Preconditions_MustHold()
    {
        var created = (await _server.PostAsync(ConfigMaps, """{"metadata":{"name":"a"}}""")).Json;
        var refused = (await _server.SendAsync(HttpMethod.Delete, ConfigMaps + "/a", """{"preconditions":{"uid":"other"}}""")).Expect(409);
        Assert.Contains("Precondition failed: UID in precondition: other", refused.Message);
        var answer = (await _server.SendAsync(
            HttpMethod.Delete, ConfigMaps + "/a", new JsonObject { ["preconditions"] = new JsonObject { ["uid"] = (string)created["metadata"]!["uid"]! } }.ToJsonString())).Expect(200);
        Assert.Equal("Success", (string)answer.Json["status"]!);
    }

    [Fact]
    public async Task Delete_ScheduledPod_WaitsForItsNode()
    {
        (await _server.PostAsync(Pods, """{"metadata":{"name":"p"},"spec":{"containers":[{"name":"c","image":"i"}]}}""")).Expect(201);
        (await _server.PostAsync(Pods + "/p/binding", """{"metadata":{"name":"p"},"target":{"kind":"Node","name":"n1"}}""")).Expect(201);
        (await _server.PostAsync(Pods + "/p/binding", """{"metadata":{"name":"p"},"target":{"kind":"Node","name":"n2"}}""")).Expect(409);
        var bound = (await _server.GetAsync(Pods + "/p")).Json;
        Assert.Equal("n1", (string)bound["spec"]!["nodeName"]!);
        Assert.Contains(bound["status"]!["conditions"]!.AsArray(), item => (string)item!["type"]! == "PodScheduled" && (string)item["status"]! == "True");
        var marked = (await _server.SendAsync(HttpMethod.Delete, Pods + "/p", """{"gracePeriodSeconds":20}""")).Expect(200).Json;
        Assert.Equal(20, (int)marked["metadata"]!["deletionGracePeriodSeconds"]!);
        (await _server.GetAsync(Pods + "/p")).Expect(200);
        (await _server.SendAsync(HttpMethod.Delete, Pods + "/p", """{"gracePeriodSeconds":0}""")).Expect(200);
        (await _server.GetAsync(Pods + "/p")).Expect(404);
    }

    [Fact]
    public async Task Delete_UnscheduledPod_IsGoneAtOnce()
    {
        (await _server.PostAsync(Pods, """{"metadata":{"name":"p"},"spec":{"containers":[{"name":"c","image":"i"}]}}""")).Expect(201);
        (await _server.SendAsync(HttpMethod.Delete, Pods + "/p")).Expect(200);
        (await _server.GetAsync(Pods + "/p")).Expect(404);
    }

    [Fact]
    public async Task DeleteCollection_BySelector_DeletesOnlyThose()
    {
        (await _server.PostAsync(ConfigMaps, """{"metadata":{"name":"a","labels":{"l":"1"}}}""")).Expect(201);
        (await _server.PostAsync(ConfigMaps, """{"metadata":{"name":"b","labels":{"l":"2"}}}""")).Expect(201);
        (await _server.SendAsync(HttpMethod.Delete, ConfigMaps + "?labelSelector=l%3D1")).Expect(200);
        (await _server.GetAsync(ConfigMaps + "/a")).Expect(404);
        (await _server.GetAsync(ConfigMaps + "/b")).Expect(200);
    }

    [Fact]
    public async Task Namespace_DeletedAndFinalized_IsGone()
    {
        (await _server.PostAsync("/api/v1/namespaces", """{"metadata":{"name":"n"}}""")).Expect(201);
        var marked = (await _server.SendAsync(HttpMethod.Delete, "/api/v1/namespaces/n")).Expect(200).Json;
        Assert.Equal("Terminating", (string)marked["status"]!["phase"]!);
        var refused = (await _server.PostAsync("/api/v1/namespaces/n/configmaps", """{"metadata":{"name":"a"}}""")).Expect(403);
        Assert.Contains("because it is being terminated", refused.Message);
        (await _server.SendAsync(HttpMethod.Put, "/api/v1/namespaces/n/finalize", """{"metadata":{"name":"n"},"spec":{"finalizers":[]}}""")).Expect(200);
        (await _server.GetAsync("/api/v1/namespaces/n")).Expect(404);
        (await _server.SendAsync(HttpMethod.Delete, "/api/v1/namespaces/default")).Expect(403);
    }
}
