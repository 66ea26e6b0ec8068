using System.Text;
using System.Text.Json.Nodes;
using Coxswain.ApiServer.Resources.Rules;

namespace Coxswain.ApiServer.Tests.Resources;

public sealed class SubresourceScopeTests : IAsyncLifetime
{
    private const string Requests = "/apis/certificates.k8s.io/v1/certificatesigningrequests";

    private TestServer _server = null!;

    public async Task InitializeAsync() => _server = await TestServer.StartAsync();

    public async Task DisposeAsync() => await _server.DisposeAsync();

    [Fact]
    public async Task Approval_OfARequest_WritesItsVerdictAndLabelsAndNothingElse()
    {
        var before = await RequestAsync();
        var answer = (await _server.PatchAsync(Requests + "/r/approval", """
            {"metadata":{"labels":{"a":"b"}},"spec":{"signerName":"example.com/other","username":"root"},
            "status":{"certificate":"aGk=","conditions":[{"type":"Approved","status":"True","reason":"x"}]}}
            """)).Expect(200).Json;
        Assert.Equal("Approved", (string)answer["status"]!["conditions"]![0]!["type"]!);
        Assert.Null(answer["status"]!["certificate"]);
        Assert.Equal("b", (string)answer["metadata"]!["labels"]!["a"]!);
        Assert.Equal(before["spec"]!.ToJsonString(), answer["spec"]!.ToJsonString());
    }

    [Fact]
    public async Task Approval_Given_IsNotTakenBackOrContradictedButMayBeAddedTo()
    {
        await RequestAsync();
        const string Path = Requests + "/r/approval";
        (await _server.PatchAsync(Path, """{"status":{"conditions":[{"type":"Approved","status":"True"}]}}""")).Expect(200);
        (await _server.PatchAsync(Path, """{"status":{"conditions":[]}}""")).Expect(422);
        (await _server.PatchAsync(Path, """{"status":{"conditions":[{"type":"Approved","status":"True"},{"type":"Denied","status":"True"}]}}""")).Expect(422);
        (await _server.PatchAsync(Path, """{"status":{"conditions":[{"type":"Approved","status":"True"},{"type":"Other","status":"True"}]}}""")).Expect(200);
    }

    [Fact]
    public async Task Status_OfARequest_NeitherGivesNorTakesAVerdict()
    {
        await RequestAsync();
        var forged = (await _server.PatchAsync(Requests + "/r/status", """
            {"status":{"conditions":[{"type":"Approved","status":"True"},{"type":"Failed","status":"True"}]}}
            """)).Expect(200).Json;
        Assert.Equal("Failed", (string)Assert.Single(forged["status"]!["conditions"]!.AsArray())!["type"]!);
        (await _server.PatchAsync(Requests + "/r/approval", """
            {"status":{"conditions":[{"type":"Failed","status":"True"},{"type":"Denied","status":"True"}]}}
            """)).Expect(200);
        var kept = (await _server.PatchAsync(Requests + "/r/status", """{"status":{"conditions":[]}}""")).Expect(200).Json;
        Assert.Equal("Denied", (string)Assert.Single(kept["status"]!["conditions"]!.AsArray())!["type"]!);
    }

    [Fact]
    public void EphemeralContainers_AreAllThatTheirSubresourceChanges()
    {
        var scope = new PodRules().ScopeOf("ephemeralcontainers")!;
        var old = Parse("""{"metadata":{"name":"p"},"spec":{"containers":[{"name":"c","image":"i"}]}}""");
        var document = Parse("""
            {"metadata":{"name":"p","labels":{"a":"b"}},"status":{"phase":"Failed"},
            "spec":{"ephemeralContainers":[{"name":"debug","image":"busybox","imagePullPolicy":"Always"}],"containers":[{"name":"c","image":"evil"}],"hostNetwork":true}}
            """);
        scope.Apply(document, old);
        Assert.Equal(
            """{"metadata":{"name":"p"},"spec":{"containers":[{"name":"c","image":"i"}],"ephemeralContainers":[{"name":"debug","image":"busybox","imagePullPolicy":"Always"}]}}""",
            document.ToJsonString());
        Assert.Empty(scope.Check!(document, old));
        var changed = Parse("""{"spec":{"ephemeralContainers":[{"name":"debug","image":"other","imagePullPolicy":"Always"}]}}""");
        Assert.Contains("may not be changed", Assert.Single(scope.Check(changed, document)).ToString(), StringComparison.Ordinal);
        Assert.Contains("may not be removed", Assert.Single(scope.Check(old, document)).ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void Resize_ChangesTheResourcesOfContainersThatAreThere()
    {
        var old = Parse("""{"spec":{"nodeName":"n1","containers":[{"name":"c","image":"i","resources":{"requests":{"cpu":"1"}}},{"name":"d"}]}}""");
        var document = Parse("""
            {"spec":{"nodeName":"n2","containers":[{"name":"x"},{"name":"c","image":"evil","resources":{"requests":{"cpu":"2"}}}]}}
            """);
        new PodRules().ScopeOf("resize")!.Apply(document, old);
        Assert.Equal(
            """{"spec":{"nodeName":"n1","containers":[{"name":"c","image":"i","resources":{"requests":{"cpu":"2"}}},{"name":"d"}]}}""",
            document.ToJsonString());
    }

    [Fact]
    public async Task PodsSubresources_AreServedAndChangeThePod()
    {
        const string Pod = "/api/v1/namespaces/default/pods/p";
        (await _server.PostAsync("/api/v1/namespaces/default/pods", """
            {"metadata":{"name":"p"},"spec":{"containers":[{"name":"c","image":"i","resources":{"requests":{"cpu":"1"}}}]}}
            """)).Expect(201);
        (await _server.PatchAsync(Pod + "/resize", """{"spec":{"containers":[{"name":"c","resources":{"requests":{"cpu":"2"}}}]}}""")).Expect(200);
        (await _server.PatchAsync(Pod + "/ephemeralcontainers", """{"spec":{"ephemeralContainers":[{"name":"d","image":"i"}]}}""")).Expect(200);
        var pod = (await _server.GetAsync(Pod + "/resize")).Expect(200).Json;
        Assert.Equal("2", (string)pod["spec"]!["containers"]![0]!["resources"]!["requests"]!["cpu"]!);
        Assert.Equal("i", (string)pod["spec"]!["containers"]![0]!["image"]!);
        Assert.Equal("d", (string)pod["spec"]!["ephemeralContainers"]![0]!["name"]!);
        Assert.Equal(3, (int)pod["metadata"]!["generation"]!);
        (await _server.PatchAsync(Pod + "/ephemeralcontainers", """{"spec":{"ephemeralContainers":[{"name":"c","image":"i"}]}}""")).Expect(422);
    }

    private static JsonObject Parse(string json) => JsonNode.Parse(json)!.AsObject();

    private async Task<JsonObject> RequestAsync()
    {
        var request = Convert.ToBase64String(Encoding.UTF8.GetBytes("-----BEGIN CERTIFICATE REQUEST-----\nMIIB\n-----END CERTIFICATE REQUEST-----\n"));
        return (await _server.PostAsync(Requests, $$$"""
            {"metadata":{"name":"r"},"spec":{"request":"{{{request}}}","signerName":"kubernetes.io/kube-apiserver-client","usages":["client auth"]}}
            """)).Expect(201).Json;
    }
}
