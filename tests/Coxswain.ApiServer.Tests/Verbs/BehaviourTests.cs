using System.Text.Json.Nodes;
using Coxswain.Api.Core.V1;
using Coxswain.Api.Meta.V1;
using Coxswain.Client;

namespace Coxswain.ApiServer.Tests.Verbs;

public sealed class BehaviourTests : IAsyncLifetime
{
    /// <summary>The object, its spec and what holds the free values are levels as well.</summary>
    private const int DeepestFree = 256 - 3;

    private const string ConfigMaps = "/api/v1/namespaces/default/configmaps";
    private const string Pods = "/api/v1/namespaces/default/pods";

    private TestServer _server = null!;

    public async Task InitializeAsync() => _server = await TestServer.StartAsync();

    public async Task DisposeAsync() => await _server.DisposeAsync();

    [Theory]
    [InlineData("merge")]
    [InlineData("strategic-merge")]
    public async Task Patch_WithANameTwice_IsABadRequest(string kind)
    {
        await _server.PostAsync(ConfigMaps, """{"metadata":{"name":"a"}}""");
        (await _server.PatchAsync(ConfigMaps + "/a", """{"data":{"x":"1","x":"2"}}""", kind)).Expect(400);
    }

    [Fact]
    public async Task Delete_WithAnUnknownDryRun_IsRefusedAndDeletesNothing()
    {
        await _server.PostAsync(ConfigMaps, """{"metadata":{"name":"a"}}""");
        Assert.Contains("dryRun", (await _server.SendAsync(HttpMethod.Delete, ConfigMaps + "/a", """{"dryRun":["Some"]}""")).Expect(422).Message, StringComparison.Ordinal);
        (await _server.SendAsync(HttpMethod.Delete, ConfigMaps, """{"dryRun":["Some"]}""")).Expect(422);
        (await _server.SendAsync(HttpMethod.Delete, ConfigMaps + "/a", """{"dryRun":["All"]}""")).Expect(200);
        (await _server.GetAsync(ConfigMaps + "/a")).Expect(200);
    }

    [Fact]
    public async Task Delete_OfAFinishedPodThatTerminates_LeavesItToItsNode()
    {
        await _server.PostAsync(Pods, """{"metadata":{"name":"p"},"spec":{"nodeName":"n","containers":[{"name":"c","image":"i"}]}}""");
        (await _server.SendAsync(HttpMethod.Delete, Pods + "/p")).Expect(200);
        (await _server.PatchAsync(Pods + "/p/status", """{"status":{"phase":"Succeeded"}}""")).Expect(200);
        (await _server.SendAsync(HttpMethod.Delete, Pods + "/p")).Expect(200);
        Assert.Equal(30, (int?)(await _server.GetAsync(Pods + "/p")).Expect(200).Json["metadata"]!["deletionGracePeriodSeconds"]);
        (await _server.SendAsync(HttpMethod.Delete, Pods + "/p", """{"gracePeriodSeconds":0}""")).Expect(200);
        (await _server.GetAsync(Pods + "/p")).Expect(404);
    }

    [Fact]
    public async Task Delete_WithAPeriodLongerThanTime_IsBounded()
    {
        await _server.PostAsync(Pods, """{"metadata":{"name":"p"},"spec":{"nodeName":"n","containers":[{"name":"c","image":"i"}]}}""");
        (await _server.SendAsync(HttpMethod.Delete, Pods + "/p", """{"gracePeriodSeconds":1000000000000}""")).Expect(200);
        Assert.Equal(int.MaxValue, (int?)(await _server.GetAsync(Pods + "/p")).Expect(200).Json["metadata"]!["deletionGracePeriodSeconds"]);
        (await _server.SendAsync(HttpMethod.Delete, Pods + "/p", """{"gracePeriodSeconds":0}""")).Expect(200);
        (await _server.GetAsync(Pods + "/p")).Expect(404);
    }

    [Theory]
    [InlineData("\"terminationGracePeriodSeconds\":2147483647", "", 201)]
    [InlineData("\"terminationGracePeriodSeconds\":2147483648", "", 422)]
    [InlineData("\"hostname\":\"h\"", ",\"livenessProbe\":{\"tcpSocket\":{\"port\":1},\"terminationGracePeriodSeconds\":2147483648}", 422)]
    public async Task Create_OfAPodWithALongPeriod_IsTakenWhileItCanBeWaitedFor(string spec, string container, int code) =>
        (await _server.PostAsync(
            Pods, "{\"metadata\":{\"name\":\"p\"},\"spec\":{" + spec + ",\"containers\":[{\"name\":\"c\",\"image\":\"i\"" + container + "}]}}")).Expect(code);

    [Fact]
    public async Task Create_WhileItsNamespaceEnds_LeavesNothingBehind()
    {
        await _server.Admin.CreateAsync(new Namespace { Metadata = new ObjectMeta { Name = "ending" } }, default);
        var acted = false;
        _server.Intercepted.BeforeWrite = async write =>
        {
            if (!acted && write.Key == "/registry/core/configmaps/ending/late")
            {
                // Admission saw the namespace active; before the write it is emptied, finalized and gone.
                acted = true;
                await _server.Admin.DeleteAsync<Namespace>(null, "ending", DeleteOptions.Empty, default);
                (await _server.SendAsync(HttpMethod.Put, "/api/v1/namespaces/ending/finalize", """{"metadata":{"name":"ending"},"spec":{}}""")).Expect(200);
            }
        };
        Assert.Equal("NotFound", (await _server.PostAsync("/api/v1/namespaces/ending/configmaps", """{"metadata":{"name":"late"}}""")).Expect(404).Reason);
        Assert.True(acted);
        Assert.Null(await _server.Store.GetAsync("/registry/core/configmaps/ending/late", default));
    }

    [Fact]
    public async Task Create_WhileItsNamespaceTerminates_IsForbidden()
    {
        await _server.Admin.CreateAsync(new Namespace { Metadata = new ObjectMeta { Name = "ending" } }, default);
        _server.Intercepted.BeforeWrite = async write =>
        {
            if (write.Key == "/registry/core/configmaps/ending/late" && write.Value is not null)
            {
                await _server.Admin.DeleteAsync<Namespace>(null, "ending", DeleteOptions.Empty, default);
            }
        };
        (await _server.PostAsync("/api/v1/namespaces/ending/configmaps", """{"metadata":{"name":"late"}}""")).Expect(403);
        Assert.Null(await _server.Store.GetAsync("/registry/core/configmaps/ending/late", default));
    }

    [Theory]
    [InlineData(150)]
    [InlineData(DeepestFree)]
    public async Task DeepObject_CanBeUpdatedPatchedListedAndDeleted(int levels)
    {
        CronTabs.Register(_server.Host);
        var deep = Deep(levels);
        var spec = $$$"""{"cronSpec":"*","nested":{"free":{{{deep}}} } }""";
        (await _server.PostAsync(CronTabs.Path, CronTabs.Body("deep", spec))).Expect(201);
        (await _server.PatchAsync(CronTabs.Path + "/deep", """{"spec":{"replicas":2}}""")).Expect(200);
        (await _server.SendAsync(HttpMethod.Put, CronTabs.Path + "/deep", CronTabs.Body("deep", spec))).Expect(200);
        (await _server.GetAsync(CronTabs.Path + "?fieldSelector=metadata.name%3Ddeep")).Expect(200);
        (await _server.SendAsync(HttpMethod.Delete, CronTabs.Path + "/deep")).Expect(200);
        (await _server.GetAsync(CronTabs.Path + "/deep")).Expect(404);
    }

    [Fact]
    public async Task DeepObject_BeyondWhatCanBeRead_IsRefused()
    {
        CronTabs.Register(_server.Host);
        var spec = $$$"""{"cronSpec":"*","nested":{"free":{{{Deep(DeepestFree + 1)}}} } }""";
        (await _server.PostAsync(CronTabs.Path, CronTabs.Body("deep", spec))).Expect(400);
    }

    private static string Deep(int levels) => string.Concat(Enumerable.Repeat("""{"a":""", levels)) + "1" + new string('}', levels);

    [Fact]
    public async Task Status_WithBadMetadata_IsRefused()
    {
        await _server.PostAsync(Pods, """{"metadata":{"name":"p"},"spec":{"containers":[{"name":"c","image":"i"}]}}""");
        var refused = await _server.PatchAsync(Pods + "/p/status", """{"metadata":{"annotations":{"not a key":"1"}},"status":{"phase":"Running"}}""");
        Assert.Contains("metadata.annotations", refused.Expect(422).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Watch_WithoutInitialEvents_MayNameAMatch()
    {
        (await _server.GetAsync(ConfigMaps + "?watch=1&sendInitialEvents=false&resourceVersionMatch=NotOlderThan&timeoutSeconds=1")).Expect(200);
        (await _server.GetAsync(ConfigMaps + "?watch=1&sendInitialEvents=false&timeoutSeconds=1")).Expect(422);
    }

    [Fact]
    public async Task Watch_WithoutInitialEvents_BeginsNow()
    {
        await _server.PostAsync(ConfigMaps, """{"metadata":{"name":"before"}}""");
        Assert.Empty((await _server.GetAsync(ConfigMaps + "?watch=1&sendInitialEvents=false&resourceVersionMatch=NotOlderThan&timeoutSeconds=1")).Text);
    }

    [Fact]
    public async Task Watch_OfOneName_SeesItAlone()
    {
        using var cancellation = new CancellationTokenSource(TimeSpan.FromSeconds(30));
        var list = await _server.Admin.ListAsync<ConfigMap>("default", new ListQuery(), default);
        await using var events = _server.Admin.WatchAsync<ConfigMap>(
            "default", new WatchQuery(list.Metadata.ResourceVersion, FieldSelector: "metadata.name=a"), cancellation.Token).GetAsyncEnumerator(cancellation.Token);
        var next = events.MoveNextAsync();
        await _server.PostAsync(ConfigMaps, """{"metadata":{"name":"ab"}}""");
        await _server.PostAsync(ConfigMaps, """{"metadata":{"name":"a"}}""");
        Assert.True(await next);
        Assert.Equal("a", events.Current.Object.Metadata.Name);
    }

    [Fact]
    public async Task ScaleTable_HasTheColumnsOfAScale()
    {
        await _server.PostAsync("/apis/apps/v1/namespaces/default/deployments", """
            {"metadata":{"name":"d"},"spec":{"replicas":2,"selector":{"matchLabels":{"a":"b"}},"template":{"metadata":{"labels":{"a":"b"}},"spec":{"containers":[{"name":"c","image":"i"}]}}}}
            """);
        using var request = new HttpRequestMessage(HttpMethod.Get, "/apis/apps/v1/namespaces/default/deployments/d/scale");
        request.Headers.TryAddWithoutValidation("Accept", "application/json;as=Table;v=v1;g=meta.k8s.io");
        using var answer = await _server.Http.SendAsync(request);
        var table = JsonNode.Parse(await answer.Content.ReadAsStringAsync())!;
        Assert.Equal(["Name", "Desired", "Available", "Age"], table["columnDefinitions"]!.AsArray().Select(column => (string?)column!["name"]));
        Assert.Equal(2, (int?)table["rows"]![0]!["cells"]![1]);
    }

    [Fact]
    public async Task Create_OfAKindNothingActsOn_Warns()
    {
        var driver = await _server.PostAsync("/apis/storage.k8s.io/v1/csidrivers", """{"metadata":{"name":"d.example.com"},"spec":{}}""");
        Assert.Contains("nothing in this cluster acts on them", Assert.Single(driver.Expect(201).Warnings), StringComparison.Ordinal);
        Assert.Empty((await _server.PostAsync(ConfigMaps, """{"metadata":{"name":"c"}}""")).Warnings);
    }
}
