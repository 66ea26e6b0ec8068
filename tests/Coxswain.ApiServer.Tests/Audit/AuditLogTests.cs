using System.Text.Json.Nodes;
using Coxswain.ApiServer.Audit;
using Coxswain.ApiServer.Documents;
using Microsoft.Extensions.Logging.Abstractions;

namespace Coxswain.ApiServer.Tests.Audit;

public sealed class AuditLogTests : IAsyncLifetime
{
    private const string ConfigMaps = "/api/v1/namespaces/default/configmaps";

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("coxswain-audit-");
    private TestServer? _server;

    private string LogFile => Path.Combine(_folder.FullName, "audit.log");

    public Task InitializeAsync() => Task.CompletedTask;

    public async Task DisposeAsync()
    {
        if (_server is not null)
        {
            await _server.DisposeAsync();
        }

        _folder.Delete(recursive: true);
    }

    [Fact]
    public async Task Rules_SayHowMuchIsWritten()
    {
        await StartAsync("""
            apiVersion: audit.k8s.io/v1
            kind: Policy
            omitStages: [RequestReceived]
            omitManagedFields: true
            rules:
            - level: None
              nonResourceURLs: ["/healthz*", "/version"]
            - level: Metadata
              resources: [{group: "", resources: [secrets]}]
            - level: RequestResponse
              verbs: [create]
              resources: [{group: "", resources: [configmaps]}]
            - level: Request
              resources: [{group: "", resources: [configmaps]}]
            """);
        (await _server!.GetAsync("/version")).Expect(200);
        (await _server.PostAsync("/api/v1/namespaces/default/secrets", """{"metadata":{"name":"s"},"stringData":{"a":"hidden"}}""")).Expect(201);
        (await _server.PostAsync(ConfigMaps, """{"metadata":{"name":"a"},"data":{"x":"1"}}""")).Expect(201);
        (await _server.PatchAsync(ConfigMaps + "/a", """{"data":{"x":"2"}}""")).Expect(200);
        (await _server.GetAsync(ConfigMaps + "/nothing")).Expect(404);
        (await _server.GetAsync("/api/v1/pods")).Expect(200);

        var events = await EventsAsync();
        Assert.Equal(
            ["create secrets 201", "create configmaps 201", "patch configmaps 200", "get configmaps 404"],
            events.Select(line => $"{line["verb"]} {line["objectRef"]!["resource"]} {line["responseStatus"]!["code"]}"));
        Assert.All(events, line => Assert.Equal("ResponseComplete", (string?)line["stage"]));
        Assert.DoesNotContain("hidden", events[0].ToJsonString(), StringComparison.Ordinal);
        Assert.Equal("kubernetes-admin", (string?)events[0]["user"]!["username"]);
        Assert.Equal("1", (string?)events[1]["requestObject"]!["data"]!["x"]);
        Assert.Equal("1", (string?)events[1]["responseObject"]!["data"]!["x"]);
        Assert.Null(events[1]["responseObject"]!["metadata"]!["managedFields"]);
        Assert.Equal("2", (string?)events[2]["requestObject"]!["data"]!["x"]);
        Assert.Null(events[2]["responseObject"]);
    }

    [Fact]
    public async Task Everything_WithItsStages_AndWhoActsForWhom()
    {
        await StartAsync("{apiVersion: audit.k8s.io/v1, kind: Policy, rules: [{level: Metadata}]}");
        using var message = new HttpRequestMessage(HttpMethod.Get, ConfigMaps) { Version = new Version(2, 0) };
        message.Headers.Add("Impersonate-User", "jane");
        using var answer = await _server!.Http.SendAsync(message);
        using var nobody = _server.ClientWith(null);
        (await _server.SendAsync(HttpMethod.Get, ConfigMaps, client: nobody)).Expect(401);

        var events = await EventsAsync();
        Assert.Equal(["RequestReceived", "ResponseComplete", "RequestReceived", "ResponseComplete"], events.Select(line => (string?)line["stage"]));
        Assert.Equal(answer.Headers.GetValues("Audit-Id").Single(), (string?)events[0]["auditID"]);
        Assert.Equal("kubernetes-admin jane 403", $"{events[1]["user"]!["username"]} {events[1]["impersonatedUser"]!["username"]} {events[1]["responseStatus"]!["code"]}");
        Assert.Equal("system:anonymous 401", $"{events[3]["user"]!["username"]} {events[3]["responseStatus"]!["code"]}");
    }

    [Fact]
    public async Task Policies_AreNoted()
    {
        await StartAsync("{apiVersion: audit.k8s.io/v1, kind: Policy, omitStages: [RequestReceived], rules: [{level: Metadata, verbs: [create], resources: [{group: '', resources: [configmaps]}]}]}");
        const string Group = "/apis/admissionregistration.k8s.io/v1/";
        (await _server!.PostAsync(Group + "validatingadmissionpolicies", """
            {"metadata":{"name":"p"},"spec":{"matchConstraints":{"resourceRules":[{"operations":["CREATE"],"apiGroups":[""],"apiVersions":["v1"],"resources":["configmaps"]}]},
            "validations":[{"expression":"false","message":"never"}],"auditAnnotations":[{"key":"name","valueExpression":"'it is ' + object.metadata.name"}]}}
            """)).Expect(201);
        (await _server.PostAsync(Group + "validatingadmissionpolicybindings", """
            {"metadata":{"name":"b"},"spec":{"policyName":"p","validationActions":["Audit"]}}
            """)).Expect(201);
        (await _server.PostAsync(ConfigMaps, """{"metadata":{"name":"a"}}""")).Expect(201);

        var annotations = Assert.Single(await EventsAsync())["annotations"]!;
        Assert.Equal("it is a", (string?)annotations["p/name"]);
        Assert.Contains("\"message\":\"never\"", (string?)annotations["validation.policy.admission.k8s.io/validation_failure"], StringComparison.Ordinal);
    }

    [Fact]
    public async Task File_ThatIsFull_IsPutAside_AndFewAreKept()
    {
        var policy = AuditPolicy.Parse("{apiVersion: audit.k8s.io/v1, kind: Policy, rules: [{level: Metadata}]}");
        var time = TimeProvider.System;
        var log = new AuditLog(
            new AuditOptions("", LogFile) { MostBytes = 1000, MostBackups = 2 }, policy, new IdentitySource(new Random(1)), time, NullLogger<AuditLog>.Instance);
        var running = log.RunAsync();
        for (var i = 0; i < 40; i++)
        {
            var record = log.Begin(new AuditedRequest(Coxswain.ApiServer.Users.User.Anonymous, "get", "/x", "", "", "", "", "", ""), "/x")!;
            await log.WriteAsync(record, "ResponseComplete", 200, default);
        }

        log.Complete();
        await running;
        Assert.Equal(40, log.Written);
        Assert.True(Directory.GetFiles(_folder.FullName).Length <= 3);
        Assert.All(Directory.GetFiles(_folder.FullName), file => Assert.True(new FileInfo(file).Length <= 1000));
    }

    [Theory]
    [InlineData("{apiVersion: audit.k8s.io/v1, kind: Policy, rules: [{level: Everything}]}", "rules[0].level")]
    [InlineData("{apiVersion: audit.k8s.io/v1, kind: Policy}", "at least one rule")]
    [InlineData("{apiVersion: v1, kind: Pod}", "expected a Policy")]
    [InlineData("a: [", "cannot be read")]
    public void Policy_ThatIsNone_IsSaid(string text, string message) =>
        Assert.Contains(message, Assert.Throws<FormatException>(() => AuditPolicy.Parse(text)).Message, StringComparison.Ordinal);

    private async Task StartAsync(string policy)
    {
        var file = Path.Combine(_folder.FullName, "policy.yaml");
        await File.WriteAllTextAsync(file, policy);
        _server = await TestServer.StartAsync(options: options => options with { Audit = new AuditOptions(file, LogFile) });
    }

    /// <summary>What was written once the server stopped.</summary>
    private async Task<List<JsonObject>> EventsAsync()
    {
        await _server!.Host.StopAsync(default);
        return [.. (await File.ReadAllLinesAsync(LogFile)).Select(line => JsonNode.Parse(line)!.AsObject())];
    }
}
