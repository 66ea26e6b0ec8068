using System.Buffers.Binary;
using System.Net;
using System.Net.Http.Headers;
using System.Text.Json.Nodes;
using Coxswain.Api;
using Coxswain.Api.Protobuf;

namespace Coxswain.ApiServer.Tests.Http;

/// <summary>Clients of Go's typed kind read protobuf wherever there is any, and JSON where there is none.</summary>
public sealed class ProtobufAnswerTests : IAsyncLifetime
{
    private const string ConfigMaps = "/api/v1/namespaces/default/configmaps";
    private const string Protobuf = ProtobufDecoder.MediaType;
    private static readonly ObjectKind Partial = new("meta.k8s.io/v1", "PartialObjectMetadata");

    private TestServer _server = null!; // set before any test

    public async Task InitializeAsync() => _server = await TestServer.StartAsync();

    public async Task DisposeAsync() => await _server.DisposeAsync();

    [Fact]
    public async Task Get_Protobuf_IsTheObjectThatJsonShows()
    {
        var json = (await _server.PostAsync("/api/v1/namespaces/default/pods", """
            {"metadata":{"name":"p","annotations":{"a":"é\n\""}},"spec":{"containers":[{"name":"c","image":"i","resources":{"limits":{"cpu":"500m"}},
            "livenessProbe":{"httpGet":{"path":"/","port":80}}}],"volumes":[{"name":"v","configMap":{"name":"m"}}]}}
            """)).Expect(201).Json;
        var pod = await ObjectAsync(HttpMethod.Get, "/api/v1/namespaces/default/pods/p", Protobuf + ", */*", new("v1", "Pod"));
        json["metadata"]!.AsObject().Remove("managedFields");
        pod["metadata"]!.AsObject().Remove("managedFields");
        json["status"]!.AsObject().Remove("startTime");
        Assert.Equal(json["spec"]!["containers"]![0]!["livenessProbe"]!.ToJsonString(), pod["spec"]!["containers"]![0]!["livenessProbe"]!.ToJsonString());
        Assert.True(Coxswain.Api.Json.JsonEquality.Equal(json["metadata"], pod["metadata"]), $"{json["metadata"]}\n{pod["metadata"]}");
        Assert.True(Coxswain.Api.Json.JsonEquality.Equal(json["spec"], pod["spec"]), $"{json["spec"]}\n{pod["spec"]}");
    }

    [Fact]
    public async Task List_Protobuf_HasItsPagesAndItems()
    {
        foreach (var name in (string[])["a", "b", "c"])
        {
            (await _server.PostAsync(ConfigMaps, $$$"""{"metadata":{"name":"{{{name}}}"},"data":{"k":"{{{name}}}"}}""")).Expect(201);
        }

        var list = await ObjectAsync(HttpMethod.Get, ConfigMaps + "?limit=2", Protobuf, new("v1", "ConfigMapList"));
        Assert.Equal(["a", "b"], list["items"]!.AsArray().Select(item => (string?)item!["data"]!["k"]));
        Assert.Equal(1, (long?)list["metadata"]!["remainingItemCount"]);
        var rest = await ObjectAsync(
            HttpMethod.Get, $"{ConfigMaps}?limit=2&continue={(string?)list["metadata"]!["continue"]}", Protobuf, new("v1", "ConfigMapList"));
        Assert.Equal((string?)list["metadata"]!["resourceVersion"], (string?)rest["metadata"]!["resourceVersion"]);
        Assert.Equal("c", (string?)rest["items"]![0]!["metadata"]!["name"]);
    }

    [Fact]
    public async Task Write_Protobuf_AnswersInIt()
    {
        var created = await ObjectAsync(HttpMethod.Post, ConfigMaps, Protobuf, new("v1", "ConfigMap"), 201, """{"metadata":{"name":"a"}}""");
        Assert.Equal("a", (string?)created["metadata"]!["name"]);
        var deleted = await ObjectAsync(HttpMethod.Delete, ConfigMaps + "/a", Protobuf, new("v1", "Status"));
        Assert.Equal("Success", (string?)deleted["status"]);
        var missing = await ObjectAsync(HttpMethod.Get, ConfigMaps + "/a", Protobuf, new("v1", "Status"), 404);
        Assert.Equal("NotFound", (string?)missing["reason"]);
        Assert.Equal(404, (long?)missing["code"]);
        var review = await ObjectAsync(
            HttpMethod.Post, "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews", Protobuf, new("authorization.k8s.io/v1", "SelfSubjectAccessReview"), 201,
            """{"spec":{"resourceAttributes":{"verb":"get","resource":"pods"}}}""");
        Assert.True((bool?)review["status"]!["allowed"]);
    }

    [Fact]
    public async Task Scale_Protobuf_IsAScale()
    {
        (await _server.PostAsync("/apis/apps/v1/namespaces/default/deployments", """
            {"metadata":{"name":"d"},"spec":{"replicas":3,"selector":{"matchLabels":{"a":"b"}},"template":{"metadata":{"labels":{"a":"b"}},
            "spec":{"containers":[{"name":"c","image":"i"}]}}}}
            """)).Expect(201);
        var scale = await ObjectAsync(HttpMethod.Get, "/apis/apps/v1/namespaces/default/deployments/d/scale", Protobuf, new("autoscaling/v1", "Scale"));
        Assert.Equal(3, (long?)scale["spec"]!["replicas"]);
    }

    [Fact]
    public async Task PartialMetadata_Protobuf_OfAnyKind()
    {
        CronTabs.Register(_server.Host);
        (await _server.PostAsync("/apis/stable.example.com/v1/namespaces/default/crontabs", CronTabs.Body("x"))).Expect(201);
        const string Accept = Protobuf + ";as=PartialObjectMetadata;g=meta.k8s.io;v=v1,application/json";
        var metadata = await ObjectAsync(HttpMethod.Get, "/apis/stable.example.com/v1/namespaces/default/crontabs/x", Accept, Partial);
        Assert.Equal("c", (string?)metadata["metadata"]!["labels"]!["app"]);
        var list = await ObjectAsync(
            HttpMethod.Get, "/apis/stable.example.com/v1/namespaces/default/crontabs", Accept.Replace("Metadata;", "MetadataList;", StringComparison.Ordinal),
            new("meta.k8s.io/v1", "PartialObjectMetadataList"));
        Assert.Equal("x", (string?)list["items"]![0]!["metadata"]!["name"]);
    }

    [Theory]
    [InlineData(Protobuf + ",application/json", "application/json")]
    [InlineData(Protobuf + ";q=0.5,application/yaml;q=0.9", "application/yaml")]
    [InlineData(Protobuf, null)]
    public async Task CustomResource_HasNoProtobuf_TheNextIsTaken(string accept, string? type)
    {
        CronTabs.Register(_server.Host);
        (await _server.PostAsync("/apis/stable.example.com/v1/namespaces/default/crontabs", CronTabs.Body("x"))).Expect(201);
        using var answer = await SendAsync(HttpMethod.Get, "/apis/stable.example.com/v1/namespaces/default/crontabs/x", accept);
        Assert.Equal(type is null ? HttpStatusCode.NotAcceptable : HttpStatusCode.OK, answer.StatusCode);
        Assert.Equal(type ?? Protobuf, answer.Content.Headers.ContentType!.MediaType);
    }

    [Fact]
    public async Task Table_Protobuf_IsNeverMade()
    {
        using var answer = await SendAsync(
            HttpMethod.Get, ConfigMaps, Protobuf + ";as=Table;g=meta.k8s.io;v=v1,application/json;as=Table;g=meta.k8s.io;v=v1");
        Assert.Equal("Table", (string?)JsonNode.Parse(await answer.Content.ReadAsStringAsync())!["kind"]);
    }

    [Fact]
    public async Task Watch_Protobuf_TellsEventsBookmarksAndErrors()
    {
        (await _server.PostAsync(ConfigMaps, """{"metadata":{"name":"a"}}""")).Expect(201);
        using var answer = await SendAsync(
            HttpMethod.Get, ConfigMaps + "?watch=1&sendInitialEvents=true&resourceVersionMatch=NotOlderThan&allowWatchBookmarks=true", Protobuf + ";stream=watch");
        Assert.Equal(Protobuf + ";stream=watch", answer.Content.Headers.ContentType!.ToString().Replace("; ", ";", StringComparison.Ordinal));
        await using var stream = await answer.Content.ReadAsStreamAsync();
        Assert.Equal("ADDED a", await NextAsync(stream));
        var (type, bookmark) = await EventAsync(stream);
        Assert.Equal("BOOKMARK", type);
        Assert.Equal("true", (string?)bookmark["metadata"]!["annotations"]!["k8s.io/initial-events-end"]);
        (await _server.PatchAsync(ConfigMaps + "/a", """{"data":{"x":"1"}}""")).Expect(200);
        (await _server.SendAsync(HttpMethod.Delete, ConfigMaps + "/a")).Expect(200);
        var (_, modified) = await EventAsync(stream);
        var (deletion, deleted) = await EventAsync(stream);
        Assert.Equal("DELETED", deletion);
        Assert.Equal("1", (string?)deleted["data"]!["x"]);
        Assert.True(long.Parse((string)deleted["metadata"]!["resourceVersion"]!) > long.Parse((string)modified["metadata"]!["resourceVersion"]!));
    }

    private async Task<JsonObject> ObjectAsync(HttpMethod method, string path, string accept, ObjectKind kind, int code = 200, string? body = null)
    {
        using var answer = await SendAsync(method, path, accept, body);
        var bytes = await answer.Content.ReadAsByteArrayAsync();
        Assert.Equal(Protobuf, answer.Content.Headers.ContentType!.MediaType);
        var decoded = ProtobufDecoder.Decode(bytes, kind);
        Assert.True(code == (int)answer.StatusCode, $"{answer.StatusCode}: {decoded}");
        Assert.Equal(kind, new ObjectKind((string)decoded["apiVersion"]!, (string)decoded["kind"]!));
        return decoded;
    }

    private async Task<HttpResponseMessage> SendAsync(HttpMethod method, string path, string accept, string? body = null)
    {
        using var message = new HttpRequestMessage(method, path) { Version = HttpVersion.Version20, VersionPolicy = HttpVersionPolicy.RequestVersionExact };
        message.Headers.TryAddWithoutValidation("Accept", accept);
        if (body is not null)
        {
            message.Content = new StringContent(body, new MediaTypeHeaderValue("application/json"));
        }

        return await _server.Http.SendAsync(message, HttpCompletionOption.ResponseHeadersRead);
    }

    private static async Task<string> NextAsync(Stream stream)
    {
        var (type, document) = await EventAsync(stream);
        return $"{type} {(string?)document["metadata"]!["name"]}";
    }

    /// <summary>A frame: its length, then WatchEvent{type=1, object=2{raw=1}}.</summary>
    private static async Task<(string Type, JsonObject Object)> EventAsync(Stream stream)
    {
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(30));
        var head = new byte[4];
        await stream.ReadExactlyAsync(head, patience.Token);
        var frame = new byte[BinaryPrimitives.ReadInt32BigEndian(head)];
        await stream.ReadExactlyAsync(frame, patience.Token);
        using var input = new Google.Protobuf.CodedInputStream(frame);
        Assert.Equal((uint)10, input.ReadTag());
        var type = input.ReadString();
        Assert.Equal((uint)18, input.ReadTag());
        using var raw = new Google.Protobuf.CodedInputStream(input.ReadBytes().ToByteArray());
        Assert.Equal((uint)10, raw.ReadTag());
        return (type, ProtobufDecoder.Decode(raw.ReadBytes().Span, new ObjectKind("v1", "ConfigMap")));
    }
}
