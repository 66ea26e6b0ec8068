namespace Coxswain.ApiServer.Tests.Admission;

/// <summary>What namespaces and the cluster say of the objects in them: limits, quotas, security levels, default classes.</summary>
public sealed class NamespacePolicyTests : IAsyncLifetime
{
    private const string Pods = "/api/v1/namespaces/default/pods";
    private const string ConfigMaps = "/api/v1/namespaces/default/configmaps";

    private TestServer _server = null!; // set before any test

    public async Task InitializeAsync() => _server = await TestServer.StartAsync();

    public async Task DisposeAsync() => await _server.DisposeAsync();

    [Fact]
    public async Task LimitRange_GivesContainersWhatTheyDoNotState()
    {
        await LimitAsync("""{"type":"Container","default":{"cpu":"500m"},"defaultRequest":{"cpu":"100m","memory":"64Mi"}}""");
        var pod = (await _server.PostAsync(Pods, Pod("a", """{"requests":{"memory":"1Mi"}}"""))).Expect(201).Json;
        Assert.Equal("""{"requests":{"memory":"1Mi","cpu":"100m"},"limits":{"cpu":"500m"}}""", pod["spec"]!["containers"]![0]!["resources"]!.ToJsonString());
        Assert.Equal("LimitRanger plugin set: cpu request for container c; cpu limit for container c",
            (string?)pod["metadata"]!["annotations"]!["kubernetes.io/limit-ranger"]);
    }

    [Theory]
    [InlineData("""{"type":"Container","max":{"cpu":"1"}}""", """{"limits":{"cpu":"2"}}""", "maximum cpu usage per Container is 1, but limit is 2")]
    [InlineData("""{"type":"Container","min":{"memory":"10Mi"}}""", """{"requests":{"memory":"1Mi"}}""", "minimum memory usage per Container is 10Mi, but request is 1Mi")]
    [InlineData("""{"type":"Pod","max":{"memory":"1Gi"}}""", "{}", "maximum memory usage per Pod is 1Gi.  No limit is specified")]
    [InlineData("""{"type":"Container","maxLimitRequestRatio":{"cpu":"2"}}""", """{"requests":{"cpu":"1"},"limits":{"cpu":"3"}}""", "cpu max limit to request ratio per Container is 2, but provided ratio is 3.000000")]
    public async Task LimitRange_Broken_IsRefused(string limit, string resources, string expected)
    {
        await LimitAsync(limit);
        Assert.Contains(expected, (await _server.PostAsync(Pods, Pod("a", resources))).Expect(403).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Quota_Reached_RefusesOneMoreAndNotesWhatItTook()
    {
        await QuotaAsync("q", """{"count/configmaps":"2"}""", """{"count/configmaps":"1"}""");
        (await _server.PostAsync($"{ConfigMaps}?dryRun=All", ConfigMap("dry"))).Expect(201);
        (await _server.PostAsync(ConfigMaps, ConfigMap("a"))).Expect(201);
        var refused = (await _server.PostAsync(ConfigMaps, ConfigMap("b"))).Expect(403);
        Assert.Contains("exceeded quota: q, requested: count/configmaps=1, used: count/configmaps=2, limited: count/configmaps=2", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Quota_TakenAtOnce_LetsThroughNoMoreThanIsLeft()
    {
        await QuotaAsync("q", """{"configmaps":"5"}""", """{"configmaps":"0"}""");
        var answers = await Task.WhenAll(Enumerable.Range(0, 20).Select(i => _server.PostAsync(ConfigMaps, ConfigMap($"c{i}"))));
        Assert.Equal(5, answers.Count(answer => answer.Code == 201));
        Assert.Equal(15, answers.Count(answer => answer.Code == 403));
    }

    [Fact]
    public async Task Quota_OfComputeResources_WantsThemStated()
    {
        await QuotaAsync("q", """{"limits.cpu":"2"}""", """{"limits.cpu":"0"}""");
        Assert.Contains("failed quota: q: must specify limits.cpu", (await _server.PostAsync(Pods, Pod("a", "{}"))).Expect(403).Message, StringComparison.Ordinal);
        (await _server.PostAsync(Pods, Pod("a", """{"limits":{"cpu":"1500m"}}"""))).Expect(201);
        (await _server.PostAsync(Pods, Pod("b", """{"limits":{"cpu":"1"}}"""))).Expect(403);
    }

    [Fact]
    public async Task Quota_WithAScope_CountsOnlyThePodsItDescribes()
    {
        await QuotaAsync("q", """{"pods":"0"}""", """{"pods":"0"}""", ""","scopes":["BestEffort"]""");
        (await _server.PostAsync(Pods, Pod("a", """{"requests":{"cpu":"1"}}"""))).Expect(201);
        (await _server.PostAsync(Pods, Pod("b", "{}"))).Expect(403);
    }

    [Fact]
    public async Task PodSecurity_Enforced_RefusesInItsWords()
    {
        (await _server.PatchAsync("/api/v1/namespaces/default", """{"metadata":{"labels":{"pod-security.kubernetes.io/enforce":"restricted"}}}""")).Expect(200);
        var refused = (await _server.PostAsync(Pods, Pod("a", "{}"))).Expect(403);
        Assert.Equal("pods \"a\" is forbidden: violates PodSecurity \"restricted:latest\": allowPrivilegeEscalation != false (container \"c\" must set "
            + "securityContext.allowPrivilegeEscalation=false), unrestricted capabilities (container \"c\" must set securityContext.capabilities.drop=[\"ALL\"]), "
            + "runAsNonRoot != true (pod or container \"c\" must set securityContext.runAsNonRoot=true), seccompProfile (pod or container \"c\" must set "
            + "securityContext.seccompProfile.type to \"RuntimeDefault\" or \"Localhost\")", refused.Message);
        (await _server.PatchAsync("/api/v1/namespaces/default", """{"metadata":{"labels":{"pod-security.kubernetes.io/enforce":"baseline"}}}""")).Expect(200);
        (await _server.PostAsync(Pods, Pod("a", "{}"))).Expect(201);
        (await _server.PatchAsync("/api/v1/namespaces/default", """{"metadata":{"labels":{"pod-security.kubernetes.io/enforce":"strict"}}}""")).Expect(422);
    }

    [Fact]
    public async Task PodSecurity_Warning_IsGivenForTemplatesToo()
    {
        (await _server.PatchAsync("/api/v1/namespaces/default", """{"metadata":{"labels":{"pod-security.kubernetes.io/warn":"baseline"}}}""")).Expect(200);
        var created = (await _server.PostAsync("/apis/apps/v1/namespaces/default/deployments", """
            {"metadata":{"name":"d"},"spec":{"selector":{"matchLabels":{"a":"b"}},"template":{"metadata":{"labels":{"a":"b"}},
             "spec":{"hostNetwork":true,"containers":[{"name":"c","image":"i"}]}}}}
            """)).Expect(201);
        Assert.Contains(created.Warnings, warning => warning.Contains("would violate PodSecurity", StringComparison.Ordinal)
            && warning.Contains("hostNetwork=true", StringComparison.Ordinal));
    }

    [Fact]
    public async Task DefaultClass_IsGivenToClaimsThatNameNone()
    {
        (await _server.PostAsync("/apis/storage.k8s.io/v1/storageclasses", """
            {"metadata":{"name":"fast","annotations":{"storageclass.kubernetes.io/is-default-class":"true"}},"provisioner":"example.com/p"}
            """)).Expect(201);
        Assert.Equal("fast", (string?)(await ClaimAsync("a", "")).Json["spec"]!["storageClassName"]);
        Assert.Equal("", (string?)(await ClaimAsync("b", ",\"storageClassName\":\"\"")).Json["spec"]!["storageClassName"]);
    }

    [Fact]
    public async Task RuntimeClass_GivesItsOverheadAndMustExist()
    {
        Assert.Contains("RuntimeClass \"gv\" not found", (await _server.PostAsync(Pods, Pod("a", "{}", ",\"runtimeClassName\":\"gv\""))).Expect(403).Message, StringComparison.Ordinal);
        (await _server.PostAsync("/apis/node.k8s.io/v1/runtimeclasses", """
            {"metadata":{"name":"gv"},"handler":"h","overhead":{"podFixed":{"cpu":"10m"}},"scheduling":{"nodeSelector":{"gv":"yes"}}}
            """)).Expect(201);
        var pod = (await _server.PostAsync(Pods, Pod("a", "{}", ",\"runtimeClassName\":\"gv\""))).Expect(201).Json["spec"]!;
        Assert.Equal("10m", (string?)pod["overhead"]!["cpu"]);
        Assert.Equal("yes", (string?)pod["nodeSelector"]!["gv"]);
    }

    private Task<Answer> ClaimAsync(string name, string more) => _server.PostAsync("/api/v1/namespaces/default/persistentvolumeclaims", $$"""
        {"metadata":{"name":"{{name}}"},"spec":{"accessModes":["ReadWriteOnce"],"resources":{"requests":{"storage":"1Gi"} }{{more}} } }
        """);

    private async Task LimitAsync(string limit) =>
        (await _server.PostAsync("/api/v1/namespaces/default/limitranges", $$"""{"metadata":{"name":"l"},"spec":{"limits":[{{limit}}]} }""")).Expect(201);

    private async Task QuotaAsync(string name, string hard, string used, string more = "")
    {
        (await _server.PostAsync("/api/v1/namespaces/default/resourcequotas", $$"""{"metadata":{"name":"{{name}}"},"spec":{"hard":{{hard}}{{more}} } }""")).Expect(201);
        (await _server.PatchAsync($"/api/v1/namespaces/default/resourcequotas/{name}/status", $$"""{"status":{"hard":{{hard}},"used":{{used}} } }""")).Expect(200);
    }

    private static string ConfigMap(string name) => $$"""{"metadata":{"name":"{{name}}"},"data":{} }""";

    private static string Pod(string name, string resources, string more = "") =>
        $$"""{"metadata":{"name":"{{name}}"},"spec":{"containers":[{"name":"c","image":"i","resources":{{resources}} }]{{more}} } }""";
}
