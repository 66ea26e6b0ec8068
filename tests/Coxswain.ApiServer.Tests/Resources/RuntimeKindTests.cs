using System.Text.Json.Nodes;
using Coxswain.Api.Kinds;
using Coxswain.Api.Meta.V1;
using Coxswain.Client;

namespace Coxswain.ApiServer.Tests.Resources;

/// <summary>A kind without a C# type takes the path of every other kind.</summary>
public sealed class RuntimeKindTests : IAsyncLifetime
{
    private TestServer _server = null!;

    public async Task InitializeAsync()
    {
        _server = await TestServer.StartAsync();
        CronTabs.Register(_server.Host);
    }

    public async Task DisposeAsync() => await _server.DisposeAsync();

    [Fact]
    public async Task Create_LeavesOutWhatHasADefault_IsDefaultedAndPruned()
    {
        var created = (await _server.PostAsync(CronTabs.Path, CronTabs.Body("a", """{"cronSpec":"* * * * *","unknown":1,"nested":{"free":{"x":1},"y":2}}"""))).Expect(201);
        Assert.Equal("""{"cronSpec":"* * * * *","nested":{"free":{"x":1}},"replicas":1}""", created.Json["spec"]!.ToJsonString());
        Assert.Equal("stable.example.com/v1", (string?)created.Json["apiVersion"]);
        Assert.Equal("default", (string?)created.Json["metadata"]!["namespace"]);
        Assert.Contains(created.Warnings, warning => warning.Contains("unknown field \\\"spec.unknown\\\"", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("""{}""", "spec.cronSpec: Required value")]
    [InlineData("""{"cronSpec":"never"}""", "spec.cronSpec in body should match")]
    [InlineData("""{"cronSpec":"*","replicas":11}""", "spec.replicas in body should be less than or equal to 10")]
    public async Task Create_AgainstTheSchema_IsRefused(string spec, string expected) =>
        Assert.Contains(expected, (await _server.PostAsync(CronTabs.Path, CronTabs.Body("a", spec))).Expect(422).Message, StringComparison.Ordinal);

    [Fact]
    public async Task Create_BadMetadata_IsRefused()
    {
        Assert.Contains("metadata.name", (await _server.PostAsync(CronTabs.Path, CronTabs.Body("Bad_Name"))).Expect(422).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Update_AndPatch_ChangeIt()
    {
        await _server.PostAsync(CronTabs.Path, CronTabs.Body("a"));
        var put = (await _server.SendAsync(HttpMethod.Put, CronTabs.Path + "/a", CronTabs.Body("a", """{"cronSpec":"1 * * * *"}"""))).Expect(200);
        Assert.Equal("1 * * * *", (string?)put.Json["spec"]!["cronSpec"]);
        var patched = (await _server.PatchAsync(CronTabs.Path + "/a", """{"spec":{"replicas":3}}""")).Expect(200);
        Assert.Equal(3, (int?)patched.Json["spec"]!["replicas"]);
        (await _server.PatchAsync(CronTabs.Path + "/a", """{"spec":{"replicas":30}}""")).Expect(422);
        (await _server.PatchAsync(CronTabs.Path + "/a", """{"spec":{"replicas":3}}""", "strategic-merge")).Expect(415);
        var status = (await _server.PatchAsync(CronTabs.Path + "/a/status", """{"status":{"ready":true},"spec":{"replicas":9}}""")).Expect(200);
        Assert.Equal("""{"ready":true}""", status.Json["status"]!.ToJsonString());
        Assert.Equal(3, (int?)status.Json["spec"]!["replicas"]);
    }

    [Fact]
    public async Task Watch_SeesItsEvents()
    {
        var cancellation = new CancellationTokenSource(TimeSpan.FromSeconds(30));
        var list = await _server.Admin.ListAsync<KubeObject>(CronTabs.Resource, "default", new ListQuery(), default);
        await using var events = _server.Admin.WatchAsync<KubeObject>(
            CronTabs.Resource, "default", new WatchQuery(list.Metadata.ResourceVersion), cancellation.Token).GetAsyncEnumerator(cancellation.Token);
        var next = events.MoveNextAsync();
        await _server.PostAsync(CronTabs.Path, CronTabs.Body("a"));
        Assert.True(await next);
        Assert.Equal(WatchEventType.Added, events.Current.Type);
        Assert.Equal(1, events.Current.Object.Content.GetProperty("spec").GetProperty("replicas").GetInt32());
    }

    [Fact]
    public async Task Table_HasNameAndAge()
    {
        await _server.PostAsync(CronTabs.Path, CronTabs.Body("a"));
        using var request = new HttpRequestMessage(HttpMethod.Get, CronTabs.Path);
        request.Headers.TryAddWithoutValidation("Accept", "application/json;as=Table;v=v1;g=meta.k8s.io");
        using var answer = await _server.Http.SendAsync(request);
        var table = JsonNode.Parse(await answer.Content.ReadAsStringAsync())!;
        Assert.Equal(["Name", "Age"], table["columnDefinitions"]!.AsArray().Select(column => (string?)column!["name"]));
        Assert.Equal("a", (string?)table["rows"]![0]!["cells"]![0]);
    }

    [Fact]
    public async Task Discovery_AndOpenApi_DescribeIt()
    {
        var resources = (await _server.GetAsync("/apis/stable.example.com/v1")).Expect(200).Json["resources"]!.AsArray();
        Assert.Equal(["crontabs", "crontabs/status"], resources.Select(resource => (string?)resource!["name"]));
        var index = (await _server.GetAsync("/openapi/v3")).Expect(200).Json["paths"]!["apis/stable.example.com/v1"]!;
        var document = (await _server.GetAsync((string)index["serverRelativeURL"]!)).Expect(200).Json;
        var definition = document["components"]!["schemas"]!["com.example.stable.v1.CronTab"]!;
        Assert.Equal("Five fields.", (string?)definition["properties"]!["spec"]!["properties"]!["cronSpec"]!["description"]);
        Assert.Equal("CronTab", (string?)definition["x-kubernetes-group-version-kind"]![0]!["kind"]);
        Assert.Contains("/apis/stable.example.com/v1/namespaces/{namespace}/crontabs/{name}", document["paths"]!.AsObject().Select(path => path.Key));
        Assert.Contains("com.example.stable.v1.CronTab", (await _server.GetAsync("/openapi/v2")).Expect(200).Json["definitions"]!.AsObject().Select(item => item.Key));
    }

    [Fact]
    public async Task Discovery_Aggregated_HasAnotherETagWithAndWithoutIt()
    {
        async Task<string?> TagAsync()
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, "/apis");
            request.Headers.TryAddWithoutValidation("Accept", "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList");
            using var answer = await _server.Http.SendAsync(request);
            return answer.Headers.ETag?.Tag;
        }

        var with = await TagAsync();
        CronTabs.TakeAway(_server.Host);
        Assert.NotEqual(with, await TagAsync());
    }

    [Fact]
    public async Task DeleteCollection_ByLabel_DeletesWhatMatches()
    {
        await _server.PostAsync(CronTabs.Path, CronTabs.Body("a"));
        await _server.PostAsync(CronTabs.Path, CronTabs.Body("b").Replace("\"app\":\"c\"", "\"app\":\"other\"", StringComparison.Ordinal));
        (await _server.SendAsync(HttpMethod.Delete, CronTabs.Path + "?labelSelector=app%3Dc")).Expect(200);
        Assert.Equal("b", (string?)Assert.Single((await _server.GetAsync(CronTabs.Path)).Json["items"]!.AsArray())!["metadata"]!["name"]);
    }

    [Fact]
    public async Task TakenAway_IsNotServedAndItsWatchesEnd()
    {
        await _server.PostAsync(CronTabs.Path, CronTabs.Body("a"));
        using var cancellation = new CancellationTokenSource(TimeSpan.FromSeconds(30));
        await using var events = _server.Admin.WatchAsync<KubeObject>(
            CronTabs.Resource, "default", new WatchQuery("0"), cancellation.Token).GetAsyncEnumerator(cancellation.Token);
        Assert.True(await events.MoveNextAsync());
        var ends = events.MoveNextAsync();
        CronTabs.TakeAway(_server.Host);
        Assert.False(await ends);
        Assert.Equal("NotFound", (await _server.GetAsync(CronTabs.Path)).Expect(404).Reason);
        (await _server.GetAsync("/apis/stable.example.com/v1")).Expect(404);
    }

    [Fact]
    public async Task ServedDiscovery_TellsWhoWaits()
    {
        var known = _server.Host.Discovery.Current;
        Assert.Contains(known.Resources, resource => resource.Kind == "CronTab");
        var waiting = _server.Host.Discovery.WaitForChangeAsync(known, default);
        Assert.False(waiting.IsCompleted);
        CronTabs.TakeAway(_server.Host);
        Assert.DoesNotContain((await waiting).Resources, resource => resource.Kind == "CronTab");
    }

    [Fact]
    public void ServedDiscovery_ListsEachResourceOnce()
    {
        var resources = _server.Host.Discovery.Current.Resources;
        Assert.Equal(resources.Count, resources.DistinctBy(resource => resource.QualifiedName).Count());
        Assert.Equal("v2", Assert.Single(resources, resource => resource.Kind == "HorizontalPodAutoscaler").Version);
        Assert.DoesNotContain(resources, resource => resource.Group is "events.k8s.io");

        // A namespace that ends can be emptied only of what can be deleted together.
        Assert.DoesNotContain(resources, resource => resource.Namespaced && resource.Verbs.Contains("create")
            && resource.Verbs.Contains("list") && !resource.Verbs.Contains("deletecollection"));
    }

    [Fact]
    public async Task PartialObjectMetadata_OfIt_IsRead()
    {
        await _server.PostAsync(CronTabs.Path, CronTabs.Body("a"));
        var read = await _server.Admin.GetAsync<PartialObjectMetadata>(CronTabs.Resource, "default", "a", default);
        Assert.Equal("c", read.Metadata.Labels["app"]);
    }
}
