using System.Text.Json.Nodes;

namespace Coxswain.ApiServer.Tests.Http;

public sealed class WatchTests : IAsyncLifetime
{
    private const string ConfigMaps = "/api/v1/namespaces/default/configmaps";

    private TestServer _server = null!;

    public async Task InitializeAsync() => _server = await TestServer.StartAsync();

    public async Task DisposeAsync() => await _server.DisposeAsync();

    [Fact]
    public async Task Watch_FromAVersion_TellsEveryChangeAfterIt()
    {
        var created = (await _server.PostAsync(ConfigMaps, """{"metadata":{"name":"a"}}""")).Json;
        await using var watch = await OpenAsync($"watch=1&resourceVersion={Version(created)}");
        var updated = (await _server.PatchAsync(ConfigMaps + "/a", """{"data":{"x":"1"}}""")).Json;
        (await _server.SendAsync(HttpMethod.Delete, ConfigMaps + "/a")).Expect(200);
        var first = await watch.NextAsync();
        Assert.Equal("MODIFIED", first.Type);
        Assert.Equal(updated.ToJsonString(), first.Object.ToJsonString());
        var second = await watch.NextAsync();
        Assert.Equal("DELETED", second.Type);
        Assert.True(long.Parse(Version(second.Object)) > long.Parse(Version(updated)));
        Assert.Equal("1", (string)second.Object["data"]!["x"]!);
    }

    [Fact]
    public async Task Watch_WithSelector_SeesObjectsComeAndGo()
    {
        await using var watch = await OpenAsync("watch=1&labelSelector=on%3Dyes");
        (await _server.PostAsync(ConfigMaps, """{"metadata":{"name":"a"}}""")).Expect(201);
        (await _server.PatchAsync(ConfigMaps + "/a", """{"metadata":{"labels":{"on":"yes"}}}""")).Expect(200);
        (await _server.PatchAsync(ConfigMaps + "/a", """{"data":{"x":"1"}}""")).Expect(200);
        (await _server.PatchAsync(ConfigMaps + "/a", """{"metadata":{"labels":{"on":"no"}}}""")).Expect(200);
        (await _server.SendAsync(HttpMethod.Delete, ConfigMaps + "/a")).Expect(200);
        (await _server.PostAsync(ConfigMaps, """{"metadata":{"name":"b","labels":{"on":"yes"}}}""")).Expect(201);
        Assert.Equal("ADDED a", (await watch.NextAsync()).ToString());
        Assert.Equal("MODIFIED a", (await watch.NextAsync()).ToString());
        var left = await watch.NextAsync();
        Assert.Equal("DELETED a", left.ToString());
        Assert.Equal("yes", (string)left.Object["metadata"]!["labels"]!["on"]!);
        Assert.Equal("ADDED b", (await watch.NextAsync()).ToString());
    }

    [Fact]
    public async Task Watch_SendInitialEvents_EndsThemWithABookmark()
    {
        (await _server.PostAsync(ConfigMaps, """{"metadata":{"name":"a"}}""")).Expect(201);
        await using var watch = await OpenAsync("watch=1&sendInitialEvents=true&resourceVersionMatch=NotOlderThan&allowWatchBookmarks=true");
        Assert.Equal("ADDED a", (await watch.NextAsync()).ToString());
        var bookmark = await watch.NextAsync();
        Assert.Equal("BOOKMARK", bookmark.Type);
        Assert.Equal("ConfigMap", (string)bookmark.Object["kind"]!);
        Assert.Equal("true", (string)bookmark.Object["metadata"]!["annotations"]!["k8s.io/initial-events-end"]!);
        (await _server.PostAsync(ConfigMaps, """{"metadata":{"name":"b"}}""")).Expect(201);
        Assert.Equal("ADDED b", (await watch.NextAsync()).ToString());
    }

    [Fact]
    public async Task Watch_ThatTimesOut_EndsWithoutBookmarks()
    {
        var answer = await _server.GetAsync(ConfigMaps + "?watch=1&allowWatchBookmarks=true&timeoutSeconds=1");
        Assert.Equal("", answer.Expect(200).Text);
    }

    [Fact]
    public async Task Watch_WithoutAVersion_BeginsWithWhatExists()
    {
        (await _server.PostAsync(ConfigMaps, """{"metadata":{"name":"a"}}""")).Expect(201);
        await using var watch = await OpenAsync("watch=true");
        Assert.Equal("ADDED a", (await watch.NextAsync()).ToString());
    }

    [Fact]
    public async Task Watch_FromACompactedVersion_IsExpired()
    {
        var created = (await _server.PostAsync(ConfigMaps, """{"metadata":{"name":"a"}}""")).Json;
        (await _server.PostAsync(ConfigMaps, """{"metadata":{"name":"b"}}""")).Expect(201);
        (await _server.PostAsync(ConfigMaps, """{"metadata":{"name":"c"}}""")).Expect(201);
        await _server.Store.CompactAsync(await _server.Store.GetRevisionAsync(default), default);
        var expired = (await _server.GetAsync($"{ConfigMaps}?watch=1&resourceVersion={Version(created)}")).Expect(410);
        Assert.Equal("Expired", expired.Reason);
    }

    [Fact]
    public async Task Watch_TimeoutSeconds_EndsIt()
    {
        await using var watch = await OpenAsync("watch=1&timeoutSeconds=1");
        Assert.Null(await watch.NextOrEndAsync());
    }

    [Fact]
    public async Task Watch_AsTable_ShowsRowsAndColumnsOnce()
    {
        await using var watch = await OpenAsync("watch=1", "application/json;as=Table;v=v1;g=meta.k8s.io");
        (await _server.PostAsync(ConfigMaps, """{"metadata":{"name":"a"},"data":{"x":"1"}}""")).Expect(201);
        (await _server.SendAsync(HttpMethod.Delete, ConfigMaps + "/a")).Expect(200);
        var first = await watch.NextAsync();
        Assert.Equal("Table", (string)first.Object["kind"]!);
        Assert.Equal(3, first.Object["columnDefinitions"]!.AsArray().Count);
        Assert.Equal(1, (int)first.Object["rows"]![0]!["cells"]![1]!);
        Assert.Equal("PartialObjectMetadata", (string)first.Object["rows"]![0]!["object"]!["kind"]!);
        Assert.Empty((await watch.NextAsync()).Object["columnDefinitions"]!.AsArray());
    }

    [Fact]
    public async Task Watch_ServerStops_Ends()
    {
        await using var watch = await OpenAsync("watch=1");
        await _server.Host.StopAsync(default);
        Assert.Null(await watch.NextOrEndAsync());
    }

    private static string Version(JsonObject document) => (string)document["metadata"]!["resourceVersion"]!;

    private async Task<OpenWatch> OpenAsync(string query, string accept = "application/json")
    {
        using var message = new HttpRequestMessage(HttpMethod.Get, $"{ConfigMaps}?{query}")
        {
            Version = System.Net.HttpVersion.Version20,
            Headers = { { "Accept", accept } },
        };
        var answer = await _server.Http.SendAsync(message, HttpCompletionOption.ResponseHeadersRead);
        Assert.Equal(200, (int)answer.StatusCode);
        return new OpenWatch(answer, new StreamReader(await answer.Content.ReadAsStreamAsync()));
    }

    private sealed record Happening(string Type, JsonObject Object)
    {
        public override string ToString() => $"{Type} {Object["metadata"]!["name"]}";
    }

    private sealed record OpenWatch(HttpResponseMessage Answer, StreamReader Lines) : IAsyncDisposable
    {
        public async Task<Happening> NextAsync() => await NextOrEndAsync() ?? throw new InvalidOperationException("the watch ended");

        /// <summary>Null at the end; waits as long as the test run lets it, so that a missing event fails by name.</summary>
        public async Task<Happening?> NextOrEndAsync()
        {
            var line = await Lines.ReadLineAsync().WaitAsync(TimeSpan.FromSeconds(30));
            if (line is null)
            {
                return null;
            }

            var happening = JsonNode.Parse(line)!;
            return new Happening((string)happening["type"]!, happening["object"]!.AsObject());
        }

        public ValueTask DisposeAsync()
        {
            Lines.Dispose();
            Answer.Dispose();
            return ValueTask.CompletedTask;
        }
    }
}
