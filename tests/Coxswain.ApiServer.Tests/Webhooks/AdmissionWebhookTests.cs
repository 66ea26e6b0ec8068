using System.Text;
using System.Text.Json.Nodes;
using Coxswain.ApiServer.Certificates;
using Coxswain.ApiServer.Tests.CustomResources;
using Coxswain.Store;

namespace Coxswain.ApiServer.Tests.Webhooks;

/// <summary>Webhooks are asked over the wire, by a real server, about real writes.</summary>
public sealed class AdmissionWebhookTests : IAsyncLifetime
{
    private const string ConfigMaps = "/api/v1/namespaces/default/configmaps";
    private const string Configurations = "/apis/admissionregistration.k8s.io/v1/";
    private const string ConfigMapRule = """{"operations":["CREATE","UPDATE","DELETE"],"apiGroups":[""],"apiVersions":["v1"],"resources":["configmaps"]}""";

    private TestServer _server = null!; // both are set before any test
    private WebhookServer _webhook = null!;

    public async Task InitializeAsync()
    {
        _server = await TestServer.StartAsync();
        _webhook = await WebhookServer.StartAsync();
        _webhook.Answer("/allow", _ => WebhookServer.Allow());
        _webhook.Answer("/deny", _ => WebhookServer.Deny("not today"));
    }

    public async Task DisposeAsync()
    {
        await _server.DisposeAsync();
        await _webhook.DisposeAsync();
    }

    [Fact]
    public async Task Validating_Denies_TheWriteIsRefusedInItsWords()
    {
        await ConfigureAsync("validating", "a", Hook("/deny"));
        var refused = (await _server.PostAsync(ConfigMaps, ConfigMap("a"))).Expect(403);
        Assert.Equal("admission webhook \"a.example.com\" denied the request: not today", refused.Message);
        (await _server.GetAsync($"{ConfigMaps}/a")).Expect(404);
    }

    [Fact]
    public async Task Request_SaysWhoAndWhat()
    {
        await ConfigureAsync("validating", "a", Hook("/allow"));
        (await _server.PostAsync(ConfigMaps, ConfigMap("a"))).Expect(201);
        (await _server.PatchAsync($"{ConfigMaps}/a", """{"data":{"x":"2"}}""")).Expect(200);
        (await _server.SendAsync(HttpMethod.Delete, $"{ConfigMaps}/a")).Expect(200);
        Assert.Equal(["CREATE", "UPDATE", "DELETE"], _webhook.Seen.Select(seen => (string?)seen.Request["operation"]));
        var (_, create) = _webhook.Seen[0];
        Assert.Equal("""{"group":"","version":"v1","kind":"ConfigMap"}""", create["kind"]!.ToJsonString());
        Assert.Equal("""{"group":"","version":"v1","resource":"configmaps"}""", create["resource"]!.ToJsonString());
        Assert.Equal("default/a", $"{create["namespace"]}/{create["name"]}");
        Assert.Equal("kubernetes-admin", (string?)create["userInfo"]!["username"]);
        Assert.Equal("1", (string?)create["object"]!["data"]!["x"]);
        Assert.Null(create["oldObject"]);
        Assert.Equal("1", (string?)_webhook.Seen[1].Request["oldObject"]!["data"]!["x"]);
        Assert.Null(_webhook.Seen[2].Request["object"]);
        Assert.Equal("DeleteOptions", (string?)_webhook.Seen[2].Request["options"]!["kind"]);
    }

    [Fact]
    public async Task Mutating_Patches_InTheOrderOfNamesAndDefaultsAfter()
    {
        _webhook.Answer("/first", _ => WebhookServer.Patch("""[{"op":"add","path":"/data/first","value":"1"}]"""));
        _webhook.Answer("/second", request => WebhookServer.Patch(
            $$"""[{"op":"add","path":"/data/second","value":"{{(request["object"]!["data"]!["first"] is null ? "before" : "after")}}"}]"""));
        await ConfigureAsync("mutating", "b", Hook("/second", "b"));
        await ConfigureAsync("mutating", "a", Hook("/first"));
        var created = (await _server.PostAsync(ConfigMaps, ConfigMap("m"))).Expect(201);
        Assert.Equal("""{"x":"1","first":"1","second":"after"}""", created.Json["data"]!.ToJsonString());
    }

    [Fact]
    public async Task Mutating_IfNeeded_IsAskedAgainWhenAnotherChangedTheObjectAfterIt()
    {
        _webhook.Answer("/again", _ => WebhookServer.Allow());
        _webhook.Answer("/change", _ => WebhookServer.Patch("""[{"op":"add","path":"/data/late","value":"1"}]"""));
        await ConfigureAsync("mutating", "a", Hook("/again", more: ",\"reinvocationPolicy\":\"IfNeeded\""));
        await ConfigureAsync("mutating", "b", Hook("/change", "b"));
        (await _server.PostAsync(ConfigMaps, ConfigMap("m"))).Expect(201);
        Assert.Equal(["/again", "/change", "/again"], _webhook.Seen.Select(seen => seen.Path));
        Assert.Equal("1", (string?)_webhook.Seen[2].Request["object"]!["data"]!["late"]);
    }

    [Fact]
    public async Task Selectors_LeaveOthersAlone()
    {
        await ConfigureAsync("validating", "a", Hook("/deny", more: ",\"objectSelector\":{\"matchLabels\":{\"guarded\":\"yes\"}}"));
        await ConfigureAsync("validating", "b", Hook("/deny", "b", more: ",\"namespaceSelector\":{\"matchLabels\":{\"guarded\":\"yes\"}}"));
        (await _server.PostAsync(ConfigMaps, ConfigMap("a"))).Expect(201);
        (await _server.PostAsync(ConfigMaps, ConfigMap("b", ",\"labels\":{\"guarded\":\"yes\"}"))).Expect(403);
        (await _server.PatchAsync("/api/v1/namespaces/default", """{"metadata":{"labels":{"guarded":"yes"}}}""")).Expect(200);
        (await _server.PostAsync(ConfigMaps, ConfigMap("c"))).Expect(403);
    }

    [Theory]
    [InlineData("Fail", 500)]
    [InlineData("Ignore", 201)]
    public async Task Unreachable_ByItsFailurePolicy_FailsOrIsPassedOver(string policy, int code)
    {
        var hook = Hook("/deny", more: $",\"failurePolicy\":\"{policy}\"").Replace($":{_webhook.Port}/", ":1/", StringComparison.Ordinal);
        await ConfigureAsync("validating", "a", hook);
        var answer = (await _server.PostAsync(ConfigMaps, ConfigMap("a"))).Expect(code);
        Assert.Equal(code == 500, answer.Text.Contains("failed calling webhook", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Silent_LongerThanItsTimeout_IsNamedWithTheTimeout()
    {
        await ConfigureAsync("validating", "a", Hook("/never", more: ",\"timeoutSeconds\":1"));
        var answer = (await _server.PostAsync(ConfigMaps, ConfigMap("a"))).Expect(500);
        Assert.Contains("/never?timeout=1s\": context deadline exceeded", answer.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task UnknownAuthority_IsAFailure()
    {
        using var other = CertificateAuthority.Create("other", TimeProvider.System);
        var bundle = Convert.ToBase64String(Encoding.UTF8.GetBytes(other.CertificatePem));
        await ConfigureAsync("validating", "a", Hook("/allow").Replace(_webhook.CaBundle, bundle, StringComparison.Ordinal));
        (await _server.PostAsync(ConfigMaps, ConfigMap("a"))).Expect(500);
    }

    [Fact]
    public async Task MatchConditions_ThatDoNotHold_LeaveOthersAlone()
    {
        await ConfigureAsync("validating", "a", Hook("/deny", more: """
            ,"matchConditions":[{"name":"guarded","expression":"has(object.data) && 'guard' in object.data"},
            {"name":"who","expression":"!request.userInfo.groups.exists(g, g == 'nobody') && authorizer.group('').resource('pods').check('get').allowed()"}]
            """));
        (await _server.PostAsync(ConfigMaps, ConfigMap("a"))).Expect(201);
        (await _server.PatchAsync($"{ConfigMaps}/a", """{"data":{"guard":"2"}}""")).Expect(403);
    }

    [Theory]
    [InlineData("Fail", 403)]
    [InlineData("Ignore", 201)]
    public async Task MatchConditions_ThatFail_GoByTheFailurePolicy(string policy, int code)
    {
        await ConfigureAsync("validating", "a", Hook("/deny", more: $$""","failurePolicy":"{{policy}}","matchConditions":[{"name":"a","expression":"object.nothing == 1"}]"""));
        var answer = (await _server.PostAsync(ConfigMaps, ConfigMap("a"))).Expect(code);
        Assert.Equal(code == 403, answer.Text.Contains("resulted in error: no such key: nothing", StringComparison.Ordinal));
    }

    [Fact]
    public async Task MatchConditions_ThatDoNotCompile_AreRefused()
    {
        var configuration = $$"""
            {"metadata":{"name":"a"},"webhooks":[{{Hook("/deny", more: ",\"matchConditions\":[{\"name\":\"a\",\"expression\":\"object.\"}]")}}]}
            """;
        var answer = (await _server.PostAsync($"{Configurations}validatingwebhookconfigurations", configuration)).Expect(422);
        Assert.Contains("webhooks[0].matchConditions[0].expression", answer.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Configurations_AreNeverAskedAbout()
    {
        const string Everything = """{"operations":["*"],"apiGroups":["*"],"apiVersions":["*"],"resources":["*/*"]}""";
        await ConfigureAsync("validating", "a", Hook("/deny").Replace(ConfigMapRule, Everything, StringComparison.Ordinal));
        (await _server.PostAsync(ConfigMaps, ConfigMap("a"))).Expect(403);
        (await _server.SendAsync(HttpMethod.Delete, $"{Configurations}validatingwebhookconfigurations/a")).Expect(200);
        (await _server.PostAsync(ConfigMaps, ConfigMap("a"))).Expect(201);
    }

    [Fact]
    public async Task DryRun_OfAWebhookThatAllowsIt_IsSaid()
    {
        await ConfigureAsync("validating", "a", Hook("/allow"));
        (await _server.PostAsync($"{ConfigMaps}?dryRun=All", ConfigMap("a"))).Expect(201);
        Assert.True((bool?)Assert.Single(_webhook.Seen).Request["dryRun"]);
    }

    [Fact]
    public async Task Warnings_ReachTheClient()
    {
        _webhook.Answer("/warn", _ => new JsonObject { ["allowed"] = true, ["warnings"] = new JsonArray("mind the gap") });
        await ConfigureAsync("validating", "a", Hook("/warn"));
        Assert.Contains(await WarningsAsync(), warning => warning.Contains("mind the gap", StringComparison.Ordinal));

        async Task<IReadOnlyList<string>> WarningsAsync() => (await _server.PostAsync(ConfigMaps, ConfigMap("a"))).Expect(201).Warnings;
    }

    [Fact]
    public async Task Equivalent_AnotherVersionIsShownInTheOneItNames()
    {
        await Definitions.EstablishAsync(_server, Definitions.Body($"{Definitions.Version("v1")},{Definitions.Version("v2", storage: false)}"));
        await ConfigureAsync("validating", "a", Hook("/allow").Replace(
            ConfigMapRule, """{"operations":["CREATE"],"apiGroups":["example.com"],"apiVersions":["v1"],"resources":["widgets"]}""", StringComparison.Ordinal));
        (await _server.PostAsync("/apis/example.com/v2/namespaces/default/widgets", Definitions.Object("a", """{"size":1}""", "v2"))).Expect(201);
        var (_, request) = Assert.Single(_webhook.Seen);
        Assert.Equal("example.com/v1", (string?)request["object"]!["apiVersion"]);
        Assert.Equal("v2", (string?)request["requestKind"]!["version"]);
    }

    [Fact]
    public async Task Service_IsReachedThroughAReadyEndpoint()
    {
        (await _server.PostAsync("/api/v1/namespaces/default/services",
            """{"kind":"Service","apiVersion":"v1","metadata":{"name":"hook"},"spec":{"ports":[{"port":443,"targetPort":8443}]}}""")).Expect(201);
        (await _server.PostAsync("/apis/discovery.k8s.io/v1/namespaces/default/endpointslices", $$"""
            {"kind":"EndpointSlice","apiVersion":"discovery.k8s.io/v1","addressType":"IPv4",
             "metadata":{"name":"hook-1","labels":{"kubernetes.io/service-name":"hook"} },
             "endpoints":[{"addresses":["10.0.0.1"],"conditions":{"ready":false} },{"addresses":["10.0.0.2"],"conditions":{"ready":false} }],
             "ports":[{"name":"","port":{{_webhook.Port}},"protocol":"TCP"}]}
            """)).Expect(201);
        const string Service = "\"service\":{\"namespace\":\"default\",\"name\":\"hook\",\"path\":\"/deny\"}";
        await ConfigureAsync("validating", "a", Hook("/deny").Replace($"\"url\":\"https://127.0.0.1:{_webhook.Port}/deny\"", Service, StringComparison.Ordinal));
        var unreachable = (await _server.PostAsync(ConfigMaps, ConfigMap("a"))).Expect(500);
        Assert.Contains("no endpoints available for service \"hook\"", unreachable.Message, StringComparison.Ordinal);

        // Slices of clients may not name this machine itself, so this one is written as if a controller had been allowed to.
        const string Key = "/registry/discovery.k8s.io/endpointslices/default/hook-1";
        var slice = (await _server.Store.GetAsync(Key, default))!;
        var text = Encoding.UTF8.GetString(slice.Value.Span).Replace("\"10.0.0.2\"],\"conditions\":{\"ready\":false", "\"127.0.0.1\"],\"conditions\":{\"ready\":true", StringComparison.Ordinal);
        await _server.Store.WriteAsync(new StoreWrite(Key, Encoding.UTF8.GetBytes(text), slice.ModRevision), default);
        (await _server.PostAsync(ConfigMaps, ConfigMap("a"))).Expect(403);
    }

    [Theory]
    [InlineData("\"sideEffects\":\"Some\"", "webhooks[0].sideEffects: Unsupported value")]
    [InlineData("\"sideEffects\":\"None\",\"timeoutSeconds\":31", "webhooks[0].timeoutSeconds: Invalid value: 31")]
    [InlineData("\"sideEffects\":\"None\",\"failurePolicy\":\"Maybe\"", "webhooks[0].failurePolicy: Unsupported value")]
    public async Task Configuration_BreaksARule_IsRefused(string with, string expected)
    {
        var hook = Hook("/allow").Replace("\"sideEffects\":\"None\"", with, StringComparison.Ordinal);
        var refused = (await _server.PostAsync($"{Configurations}validatingwebhookconfigurations", Configuration("Validating", "a", hook))).Expect(422);
        Assert.Contains(expected, refused.Message, StringComparison.Ordinal);
    }

    private async Task ConfigureAsync(string sort, string name, string hook) => (await _server.PostAsync(
        $"{Configurations}{sort}webhookconfigurations", Configuration(sort == "mutating" ? "Mutating" : "Validating", name, hook))).Expect(201);

    private static string Configuration(string sort, string name, string hook) =>
        $$"""{"kind":"{{sort}}WebhookConfiguration","apiVersion":"admissionregistration.k8s.io/v1","metadata":{"name":"{{name}}"},"webhooks":[{{hook}}]}""";

    private string Hook(string path, string name = "a", string more = "") => $$"""
        {"name":"{{name}}.example.com","sideEffects":"None","admissionReviewVersions":["v1"],"rules":[{{ConfigMapRule}}],
         "clientConfig":{"caBundle":"{{_webhook.CaBundle}}","url":"https://127.0.0.1:{{_webhook.Port}}{{path}}"}{{more}} }
        """;

    private static string ConfigMap(string name, string more = "") =>
        $$"""{"kind":"ConfigMap","apiVersion":"v1","metadata":{"name":"{{name}}"{{more}} },"data":{"x":"1"} }""";
}
