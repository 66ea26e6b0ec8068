namespace Coxswain.ApiServer.Tests.Http;

public sealed class ListTests : IAsyncLifetime
{
    private const string ConfigMaps = "/api/v1/namespaces/default/configmaps";

    private TestServer _server = null!;

    public async Task InitializeAsync()
    {
        _server = await TestServer.StartAsync();
        for (var i = 0; i < 5; i++)
        {
            (await _server.PostAsync(ConfigMaps, $"{{\"metadata\":{{\"name\":\"m{i}\",\"labels\":{{\"even\":\"{i % 2 == 0}\"}}}}}}")).Expect(201);
        }
    }

    public async Task DisposeAsync() => await _server.DisposeAsync();

    [Fact]
    public async Task List_InPages_ShowsOneSnapshot()
    {
        var first = (await _server.GetAsync(ConfigMaps + "?limit=2")).Expect(200).Json;
        Assert.Equal(3, (int)first["metadata"]!["remainingItemCount"]!);
        (await _server.PostAsync(ConfigMaps, """{"metadata":{"name":"m2a"}}""")).Expect(201);
        var second = (await _server.GetAsync($"{ConfigMaps}?limit=2&continue={first["metadata"]!["continue"]}")).Expect(200).Json;
        var third = (await _server.GetAsync($"{ConfigMaps}?limit=2&continue={second["metadata"]!["continue"]}")).Expect(200).Json;
        Assert.Equal(["m0", "m1"], Names(first));
        Assert.Equal(["m2", "m3"], Names(second));
        Assert.Equal(["m4"], Names(third));
        Assert.Null(third["metadata"]!["continue"]);
        Assert.Equal((string)first["metadata"]!["resourceVersion"]!, (string)third["metadata"]!["resourceVersion"]!);
    }

    [Fact]
    public async Task List_PageOfCompactedSnapshot_IsExpiredWithAWayOn()
    {
        var first = (await _server.GetAsync(ConfigMaps + "?limit=2")).Json;
        (await _server.PostAsync(ConfigMaps, """{"metadata":{"name":"z"}}""")).Expect(201);
        await _server.Store.CompactAsync(await _server.Store.GetRevisionAsync(default) - 0, default);
        var expired = (await _server.GetAsync($"{ConfigMaps}?limit=2&continue={first["metadata"]!["continue"]}")).Expect(410);
        Assert.Equal("Expired", expired.Reason);
        var onward = (await _server.GetAsync($"{ConfigMaps}?continue={expired.Json["metadata"]!["continue"]}")).Expect(200).Json;
        Assert.Equal(["m2", "m3", "m4", "z"], Names(onward));
    }

    [Theory]
    [InlineData("labelSelector=even%3DTrue", "m0,m2,m4")]
    [InlineData("labelSelector=even+notin+(True)", "m1,m3")]
    [InlineData("fieldSelector=metadata.name%3Dm3", "m3")]
    [InlineData("fieldSelector=metadata.name!%3Dm3&limit=500", "m0,m1,m2,m4")]
    [InlineData("labelSelector=even%3DTrue&limit=3", "m0,m2,m4")]
    public async Task List_Selected_ShowsThose(string query, string names) =>
        Assert.Equal(names, string.Join(',', Names((await _server.GetAsync($"{ConfigMaps}?{query}")).Expect(200).Json)));

    [Theory]
    [InlineData("fieldSelector=data.x%3D1", 400, "field label not supported: data.x")]
    [InlineData("labelSelector=a+b+c", 400, "")]
    [InlineData("continue=nonsense", 400, "continue key is not valid")]
    [InlineData("resourceVersion=x", 400, "Invalid value")]
    [InlineData("resourceVersion=99999", 504, "Too large resource version: 99999")]
    [InlineData("resourceVersionMatch=Exact", 422, "resourceVersionMatch is forbidden unless resourceVersion is provided")]
    public async Task List_BadOption_IsRefused(string query, int code, string message) =>
        Assert.Contains(message, (await _server.GetAsync($"{ConfigMaps}?{query}")).Expect(code).Message);

    [Fact]
    public async Task List_AtAnExactVersion_ShowsThatState()
    {
        var before = (string)(await _server.GetAsync(ConfigMaps)).Json["metadata"]!["resourceVersion"]!;
        (await _server.SendAsync(HttpMethod.Delete, ConfigMaps + "/m0")).Expect(200);
        var then = (await _server.GetAsync($"{ConfigMaps}?resourceVersion={before}&resourceVersionMatch=Exact")).Expect(200).Json;
        Assert.Equal(5, Names(then).Count);
        Assert.Equal(4, Names((await _server.GetAsync($"{ConfigMaps}?resourceVersion={before}&resourceVersionMatch=NotOlderThan")).Json).Count);
    }

    private static List<string> Names(System.Text.Json.Nodes.JsonObject list) =>
        [.. list["items"]!.AsArray().Select(item => (string)item!["metadata"]!["name"]!)];
}
